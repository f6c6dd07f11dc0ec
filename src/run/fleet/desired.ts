/** What each agent must run, and what each proxy must serve, put together from the rows. Reads only. */
import { messageOf } from '#base/errors.ts'
import type { Manifest } from '#contract/manifest.ts'
import type { Certificate, InstanceSpec, RouteTable, TrafficSplit } from '#contract/wire.ts'
import type { Db } from '#kernel/db/db.ts'
import type { Logger } from '#kernel/log.ts'
import type { SecretBox } from '#base/secretbox.ts'
import { openSecrets, readScales, readServing } from '#run/apps/read-config.ts'
import type { InstanceRow } from '#run/instances/model.ts'
import { ingestKey } from '#run/instances/ingest-key.ts'
import { liveInstances } from '#run/instances/read.ts'
import { instanceSpec } from '#run/instances/spec.ts'
import { volumesOf } from '#run/volumes/read.ts'
import { effectiveManifest } from '#run/manifest/effective.ts'
import type { ArtifactRow, ReleaseRow } from '#run/releases/model.ts'
import { readArtifact, readRelease } from '#run/releases/read.ts'
import { canaryShare } from '#run/rollouts/read-facts.ts'
import { type EdgeRow, keyPlace } from '#run/routing/model.ts'
import { readDomains, readEdges } from '#run/routing/read.ts'
import { type RoutedEnvironment, routeTable } from '#run/routing/table.ts'

export type FleetDeps = { db: Db; box: SecretBox; log: Logger; edgeHost: (machine: string) => string; edgeHosts: () => string[]; /** Where instances of a machine send telemetry; null where they cannot. */ telemetryPort?: (machine: string) => number | null }

type Surroundings = { release: ReleaseRow; manifest: Manifest; artifact: ArtifactRow; secrets: Record<string, string> }

/** Specs of all instances that a machine should run, of one moment: give it a snapshot. One that cannot be described is left out, and said in the log. */
export async function desiredInstances(deps: FleetDeps, machine: string): Promise<InstanceSpec[]> {
  const rows = (await liveInstances(deps.db, { machine })).filter((row) => row.wanted === 'run')
  const edges = await readEdges(deps.db)
  const known = new Map<string, Promise<Surroundings>>()
  const specs: InstanceSpec[] = []
  for (const row of rows) {
    const key = `${row.app}/${row.environment}/${row.release}`
    const surroundings = known.get(key) ?? readSurroundings(deps, row.app, row.environment, row.release)
    known.set(key, surroundings)
    try {
      specs.push(await specOf(deps, row, await surroundings, edges))
    } catch (error) {
      deps.log.error({ err: error, instance: row.id, app: row.app }, `cannot describe ${row.app}/${row.service}.${row.ordinal}: ${messageOf(error)}`)
    }
  }
  return specs
}

export async function readSurroundings({ db, box }: FleetDeps, app: string, environment: string, number: number): Promise<Surroundings> {
  const release = await readRelease(db, app, environment, number)
  return { release, manifest: effectiveManifest(release.manifest, environment), artifact: await readArtifact(db, release.artifact_id), secrets: await openSecrets(db, box, app, environment, release.secrets) }
}

export async function specOf(deps: FleetDeps, row: Pick<InstanceRow, 'id' | 'generation' | 'kind' | 'app' | 'environment' | 'service' | 'ordinal' | 'machine'>, surroundings: Surroundings, edgeRows?: EdgeRow[]): Promise<InstanceSpec> {
  const { manifest } = surroundings
  const rows = edgeRows ?? (await readEdges(deps.db))
  const host = deps.edgeHost(row.machine)
  const caller = manifest.services[row.service] ? row.service : undefined
  const edges: Parameters<typeof instanceSpec>[0]['edges'] = {}
  for (const edge of rows) {
    const own = edge.app === row.app && edge.environment === row.environment && (caller === undefined || edge.from_service === caller)
    if (own) edges[edge.to_service] = { host, port: edge.port, scheme: manifest.services[edge.to_service]?.protocol ?? 'http' }
  }
  const volumes = await volumeMounts(deps.db, row, manifest)
  const port = deps.telemetryPort?.(row.machine) ?? null
  return instanceSpec({ row, ...surroundings, edges, volumes, telemetry: port === null ? null : { url: `http://${host}:${port}`, keyOf: (service, instance) => ingestKey(deps.box, { app: row.app, environment: row.environment, service, instance }) } })
}

async function volumeMounts(db: Db, row: Pick<InstanceRow, 'app' | 'environment' | 'service'>, manifest: Manifest) {
  const wanted = Object.entries(manifest.services[row.service]?.volumes ?? {})
  if (wanted.length === 0) return []
  const known = (await volumesOf(db, row.app)).filter((volume) => volume.environment === row.environment)
  return wanted.flatMap(([name, target]) => known.filter((volume) => volume.name === name).map((volume) => ({ name, hostPath: volume.host_path, target })))
}

/** The whole table, without its generation. All of one moment: give it a snapshot. */
export async function desiredRoutes({ db, box, edgeHosts, log }: FleetDeps): Promise<Omit<RouteTable, 'generation'>> {
  const environments = await readServing(db)
  const instances = await liveInstances(db)
  const scales = await readScales(db)
  const domains = await readDomains(db)
  const edges = await readEdges(db)
  const routed: RoutedEnvironment[] = []
  for (const env of environments) {
    const manifests: Manifest[] = []
    for (const number of [env.active_release, env.rolling]) if (number !== null) manifests.push(effectiveManifest((await readRelease(db, env.app, env.name, number)).manifest, env.name))
    const [first, second] = manifests
    if (first === undefined) continue
    // while a rollout is under way, both releases' services and edges exist; hosts and paths are the serving release's
    const services = { ...second?.services, ...first.services, ...Object.fromEntries(Object.entries(second?.services ?? {}).map(([name, service]) => [name, { ...service, ...pickRoutes(first.services[name]) }])) }
    const share = second?.deploy.strategy === 'canary' ? canaryShare(env.rolling_steps ?? []) : null
    const own = inRotation(instances.filter((row) => row.app === env.app && row.environment === env.name && row.kind === 'service' && row.wanted === 'run'), { rolling: env.rolling, beside: second !== undefined && second.deploy.strategy !== 'rolling' && share === null })
    const counts = new Map(scales.filter((row) => row.app === env.app && row.environment === env.name).map((row) => [row.service, row.count]))
    routed.push({
      app: env.app, environment: env.name, createdAt: env.created_at, manifest: { ...first, services },
      instances: Object.fromEntries(Object.keys(services).map((name) => [name, own.filter((row) => row.service === name).map((row) => row.id)])),
      split: share !== null && env.rolling !== null && second !== undefined ? { release: env.rolling, percent: share.percent, sticky: stickyOf(second.deploy.sticky) } : null,
      wanted: Object.fromEntries(Object.entries(services).map(([name, service]) => [name, env.stopped ? 0 : (counts.get(name) ?? service.scale ?? 1)])),
    })
  }
  const certificates: Certificate[] = domains.flatMap((domain) => {
    if (domain.certificate_pem === null || domain.sealed_key === null) return []
    try {
      return [{ hosts: [domain.host], certPem: domain.certificate_pem, keyPem: box.open(domain.sealed_key, keyPlace(domain.host, domain.path)) }]
    } catch (error) {
      log.error({ err: error, host: domain.host }, 'a certificate key cannot be opened; the domain is served without TLS')
      return []
    }
  })
  return routeTable({ environments: routed, domains, edges, edgeHosts: edgeHosts(), certificates })
}

/** What stands beside the old instances without traffic is left out, as long as there are old ones. */
function inRotation(rows: InstanceRow[], { rolling, beside }: { rolling: number | null; beside: boolean }): InstanceRow[] {
  if (!beside) return rows
  return rows.filter((row) => row.release !== rolling || !rows.some((other) => other.service === row.service && other.release !== rolling))
}

function stickyOf(sticky: Manifest['deploy']['sticky']): TrafficSplit['sticky'] {
  return sticky === 'cookie' ? { by: 'cookie' } : { by: 'header', name: sticky.slice('header:'.length).toLowerCase() }
}

function pickRoutes(service: Manifest['services'][string] | undefined): Partial<Manifest['services'][string]> {
  return service === undefined ? {} : { domains: service.domains, path: service.path, ...(service.public === undefined ? {} : { public: service.public }) }
}

