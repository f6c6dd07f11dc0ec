/**
 * Everything the API tells about apps: one query a table, put together in memory. Rates and samples come in from the
 * floor above (watch), as plain functions.
 */
import { AppError } from '#base/errors.ts'
import { nearest } from '#base/nearest.ts'
import type { Manifest } from '#contract/manifest.ts'
import type { AppDetail, AppSummary, Instance, RouteView, ServiceSummary } from '#contract/model.ts'
import type { Database, Db } from '#kernel/db/db.ts'
import { type InstanceRow, currentObservation, instanceNameOf } from '#run/instances/model.ts'
import { liveInstances } from '#run/instances/read.ts'
import { effectiveManifest } from '#run/manifest/effective.ts'
import type { ReleaseRow } from '#run/releases/model.ts'
import type { RolloutRow } from '#run/rollouts/model.ts'
import { rolloutView } from '#run/rollouts/read.ts'
import type { DomainRow } from '#run/routing/model.ts'
import { readDomains } from '#run/routing/read.ts'
import { environmentRoutes } from '#run/routing/table.ts'
import { volumesOf } from '#run/volumes/read.ts'
import { readScales } from './read-config.ts'
import { type EnvironmentRow, type Health, appHealth, appUrl, serviceHealth, withNeeds } from './model.ts'

export type InstanceSample = { cpu: number; memoryBytes: number; memoryLimitBytes: number | null }
export type ServiceRate = { app: string; environment: string; service: string; requestRate: number; errorShare: number }

/** What the upper floor knows of the moment. */
export type Moment = { samples: ReadonlyMap<string, InstanceSample>; rates: readonly ServiceRate[] }

export type Reach = { ingressUrl: () => string; apiUrl: () => string; httpsPort: () => number | null }

type CurrentRelease = Pick<ReleaseRow, 'app' | 'environment' | 'number' | 'manifest' | 'manifest_source' | 'created_at' | 'artifact_id'> & { processes: Record<string, string> | null }

/** All environments that a caller may see, each with its services, instances and health: one moment of the database, so that no rollout is done whose release is not yet current. */
export async function readApps(db: Database, reach: Reach, moment: Moment, filter: { apps?: readonly string[] | null; app?: string; environment?: string } = {}): Promise<AppDetail[]> {
  const { environments, releases, rollouts, instances, scales, domains, volumes } = await db.snapshot(async (tx) => ({
    environments: (await tx.query<EnvironmentRow>('SELECT * FROM environments WHERE ($1::text IS NULL OR app = $1) ORDER BY app, name', [filter.app ?? null]))
      .filter((row) => filter.apps == null || filter.apps.includes(row.app)),
    releases: await currentReleases(tx, filter.app),
    rollouts: await newestRollouts(tx, filter.app),
    instances: await liveInstances(tx, filter.app === undefined ? {} : { app: filter.app }),
    scales: await readScales(tx),
    domains: await readDomains(tx),
    volumes: await volumesOf(tx),
  }))
  const of = <T extends { app: string; environment: string }>(rows: T[], env: EnvironmentRow) => rows.filter((row) => row.app === env.app && row.environment === env.name)
  return environments
    .filter((env) => filter.environment === undefined || env.name === filter.environment)
    .map((env) => {
      const release = of(releases, env)[0]
      const scaleOf = new Map(of(scales, env).map((row) => [row.service, row.count]))
      return appDetail({
        env, release, rollout: of(rollouts, env)[0], instances: of(instances, env), scaleOf, domains,
        volumes: of(volumes, env), environments: environments.filter((row) => row.app === env.app).map((row) => row.name), reach, moment,
      })
    })
}

export async function readApp(db: Database, reach: Reach, moment: Moment, app: string, environment: string): Promise<AppDetail> {
  const [detail] = await readApps(db, reach, moment, { app, environment })
  if (detail) return detail
  throw await unknownApp(db, app, environment)
}

async function unknownApp(db: Db, app: string, environment: string): Promise<AppError> {
  const rows = await db.query<{ app: string; name: string }>('SELECT app, name FROM environments')
  const own = rows.filter((row) => row.app === app).map((row) => row.name)
  if (own.length > 0) return new AppError('not-found', `${app} has no environment "${environment}"; it has ${own.join(', ')}`)
  const meant = nearest(app, new Set(rows.map((row) => row.app)))
  return new AppError('not-found', `there is no app "${app}"${meant ? ` (did you mean ${meant}?)` : ''} (see: nightshift apps)`)
}

/** When an environment was made, which tells it from one of the same name before it; null: there is none. */
export async function environmentSince(db: Db, app: string, environment: string): Promise<Date | null> {
  return (await db.maybe<{ created_at: Date }>('SELECT created_at FROM environments WHERE app = $1 AND name = $2', [app, environment]))?.created_at ?? null
}

/** Those of the names that no app has. */
export async function unknownApps(db: Db, names: string[]): Promise<string[]> {
  const rows = await db.query<{ name: string }>('SELECT name FROM unnest($1::text[]) name WHERE NOT EXISTS (SELECT 1 FROM apps WHERE apps.name = name.name) ORDER BY name', [names])
  return rows.map((row) => row.name)
}

export async function readEnvironment(db: Db, app: string, environment: string): Promise<EnvironmentRow> {
  const row = await db.maybe<EnvironmentRow>('SELECT * FROM environments WHERE app = $1 AND name = $2', [app, environment])
  if (!row) throw await unknownApp(db, app, environment)
  return row
}

/** The summary alone, of a detail too. */
export function summaryOf(detail: AppSummary): AppSummary {
  const { name, environment, health, because, release, url, createdAt, deployedAt, requestRate, errorShare } = detail
  return { name, environment, health, because, release, url, createdAt, deployedAt, requestRate, errorShare, services: detail.services.map((service) => ({ name: service.name, health: service.health, wanted: service.wanted, ready: service.ready })) }
}

type DetailInputs = {
  env: EnvironmentRow
  release: CurrentRelease | undefined
  rollout: RolloutRow | undefined
  instances: InstanceRow[]
  scaleOf: Map<string, number>
  domains: DomainRow[]
  volumes: { name: string; machine: string; created_at: Date }[]
  environments: string[]
  reach: Reach
  moment: Moment
}

function appDetail({ env, release, rollout, instances, scaleOf, domains, volumes, environments, reach, moment }: DetailInputs): AppDetail {
  const manifest = release ? effectiveManifest(release.manifest, env.name) : null
  const changing = rollout !== undefined && rollout.finished_at === null
  const routes = manifest ? routeViews({ app: env.app, environment: env.name, manifest }, domains, reach) : []
  const summaries = withNeeds(manifest ? Object.keys(manifest.services).map((name) => serviceSummary(name, manifest, { env, release, instances, scaleOf, routes, changing, moment })) : [])
  const deployed = env.active_release !== null || changing
  const failed = !deployed && rollout?.state === 'failed'
  // nothing is on its way: what is wrong is the release, which speaks for the app
  const services = failed ? summaries.map((service) => (service.instances.length > 0 ? service : { ...service, health: 'stopped' as Health, because: `v${rollout.release} was given up, and no release worked before it` })) : summaries
  const { health, because } = failed ? { health: 'down' as Health, because: `v${rollout.release} failed: ${rollout.because}` } : appHealth(services, { stopped: env.stopped, deployed })
  const rates = moment.rates.filter((rate) => rate.app === env.app && rate.environment === env.name)
  const total = rates.reduce((sum, rate) => sum + rate.requestRate, 0)
  return {
    name: env.app, environment: env.name, environments, health, because,
    release: env.active_release,
    url: appUrl(services),
    createdAt: env.created_at.toISOString(),
    deployedAt: release?.created_at.toISOString() ?? null,
    requestRate: total,
    errorShare: total === 0 ? 0 : rates.reduce((sum, rate) => sum + rate.errorShare * rate.requestRate, 0) / total,
    services,
    rollout: rollout ? rolloutView(rollout) : null,
    settings: { stopped: env.stopped, allowForcePush: env.allow_force_push, deployBranch: env.deploy_branch, tags: env.tags },
    volumes: volumes.map((volume) => {
      const users = manifest ? Object.entries(manifest.services).filter(([, service]) => volume.name in service.volumes).map(([name]) => name) : []
      return { name: volume.name, machine: volume.machine, services: users, orphan: users.length === 0, createdAt: volume.created_at.toISOString() }
    }),
    gitUrl: `${reach.apiUrl()}/git/${env.app}${env.name === 'production' ? '' : `@${env.name}`}.git`,
  }
}

function serviceSummary(
  name: string,
  manifest: Manifest,
  { env, release, instances, scaleOf, routes, changing, moment }: { env: EnvironmentRow; release: CurrentRelease | undefined; instances: InstanceRow[]; scaleOf: Map<string, number>; routes: RouteView[]; changing: boolean; moment: Moment },
): ServiceSummary {
  const service = manifest.services[name] as Manifest['services'][string]
  const manifestScale = service.scale ?? 1
  const wanted = env.stopped ? 0 : (scaleOf.get(name) ?? manifestScale)
  const mine = instances.filter((row) => row.service === name && row.kind === 'service').map((row) => instanceView(row, moment))
  const staying = mine.filter((instance) => instances.find((row) => row.id === instance.id)?.wanted === 'run')
  const { health, because } = serviceHealth(wanted, staying, changing)
  const command = service.command ?? release?.processes?.[name] ?? null
  return {
    name, health, because, wanted, manifestScale,
    protocol: service.protocol,
    ready: staying.filter((instance) => instance.state === 'ready').length,
    urls: routes.filter((route) => route.service === name).map((route) => route.url),
    needs: Object.keys(service.needs),
    volumes: Object.keys(service.volumes),
    command: Array.isArray(command) ? command.join(' ') : command,
    instances: mine,
  }
}

const hasProcess: ReadonlySet<Instance['state']> = new Set(['starting', 'ready', 'unhealthy', 'draining', 'stopping'])

function instanceView(row: InstanceRow, moment: Moment): Instance {
  const seen = currentObservation(row)
  // the last one of a process that is dead says nothing of the instance
  const sample = seen !== null && seen !== undefined && hasProcess.has(seen.state) ? moment.samples.get(row.id) : undefined
  return {
    id: row.id, name: instanceNameOf(row), kind: row.kind, service: row.service, release: row.release, machine: row.machine,
    state: seen?.state ?? (row.wanted === 'retire' ? 'stopping' : 'waiting'),
    because: seen?.because ?? (row.wanted === 'retire' ? row.because : 'waits for its machine to take it up'),
    restarts: seen?.restarts ?? 0,
    pid: seen?.pid ?? null,
    address: seen?.address ? `${seen.address.host}:${seen.address.port}` : null,
    startedAt: seen?.startedAt ?? null, readyAt: seen?.readyAt ?? null, retryAt: seen?.retryAt ?? null, lastExit: seen?.lastExit ?? null,
    cpu: sample?.cpu ?? null, memoryBytes: sample?.memoryBytes ?? null, memoryLimitBytes: sample?.memoryLimitBytes ?? null,
  }
}

export function routeViews(env: { app: string; environment: string; manifest: Manifest }, domains: DomainRow[], reach: Reach): RouteView[] {
  const ingress = new URL(reach.ingressUrl())
  return environmentRoutes(env, domains).map(({ route, source }) => {
    const domain = domains.find((row) => row.host === route.host && row.path === route.path)
    const tls = domain?.certificate_pem != null && reach.httpsPort() !== null
    const port = tls ? (reach.httpsPort() === 443 ? '' : `:${reach.httpsPort()}`) : ingress.port === '' || ingress.port === '80' ? '' : `:${ingress.port}`
    return { id: route.id, host: route.host, path: route.path, service: route.service.split('/')[2] as string, url: `${tls ? 'https' : 'http'}://${route.host}${port}${route.path === '/' ? '' : route.path}`, source, tls }
  })
}

async function currentReleases(db: Db, app: string | undefined): Promise<CurrentRelease[]> {
  return db.query<CurrentRelease>(
    `SELECT r.app, r.environment, r.number, r.manifest, r.manifest_source, r.created_at, r.artifact_id, a.meta->'processes' AS processes
     FROM environments e
     JOIN LATERAL (SELECT coalesce(e.active_release, (SELECT max(number) FROM releases WHERE app = e.app AND environment = e.name)) AS number) n ON true
     JOIN releases r ON r.app = e.app AND r.environment = e.name AND r.number = n.number
     JOIN artifacts a ON a.id = r.artifact_id
     WHERE $1::text IS NULL OR e.app = $1`,
    [app ?? null],
  )
}

function newestRollouts(db: Db, app: string | undefined): Promise<RolloutRow[]> {
  return db.query('SELECT DISTINCT ON (app, environment) * FROM rollouts WHERE $1::text IS NULL OR app = $1 ORDER BY app, environment, started_at DESC, id DESC', [app ?? null])
}
