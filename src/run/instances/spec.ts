/**
 * From a release to what an agent must run: pure. The environment of an instance is put together here and nowhere
 * else, later ones win: config of the manifest, of the environment, of the operator, secrets, edges, Nightshift's own.
 */
import { parseDuration, parseSize } from '#base/units.ts'
import type { Manifest, ServiceManifest } from '#contract/manifest.ts'
import { serviceKey, volumeVariable } from '#contract/names.ts'
import type { CommandSpec, HealthSpec, InstanceSpec, VolumeMount } from '#contract/wire.ts'
import type { ArtifactMeta } from '#run/builds/model.ts'
import { launched, serviceCommand } from '#run/builds/launch.ts'
import type { ArtifactRow, ReleaseRow } from '#run/releases/model.ts'
import { type InstanceRow, instanceNameOf } from './model.ts'

export type SpecInputs = {
  row: Pick<InstanceRow, 'id' | 'generation' | 'kind' | 'app' | 'environment' | 'service' | 'ordinal'>
  release: ReleaseRow
  /** With the environment's overrides applied. */
  manifest: Manifest
  artifact: ArtifactRow
  /** name → plain value */
  secrets: Record<string, string>
  /** callee service → address of this service's edge to it */
  edges: Record<string, { host: string; port: number; scheme: string }>
  volumes: VolumeMount[]
  /** Where the machine takes telemetry, and the ingest key of a service. */
  telemetry?: { url: string; keyOf(service: string, instance: string): string } | null
}

export function instanceSpec(inputs: SpecInputs): InstanceSpec {
  const { row, release, manifest, artifact } = inputs
  // the release command and one-offs run in the surroundings of web, or of the first service
  const surroundings = manifest.services[row.service] ? row.service : (Object.keys(manifest.services).find((name) => name === 'web') ?? (Object.keys(manifest.services)[0] as string))
  const service = manifest.services[surroundings] as ServiceManifest
  const isService = row.kind === 'service'
  const volumes = isService ? inputs.volumes : [] // a one-off beside the service would be a second writer
  return {
    id: row.id,
    generation: row.generation,
    kind: row.kind,
    app: row.app,
    environment: row.environment,
    service: row.service,
    name: instanceNameOf(row),
    release: release.number,
    artifact: service.image === undefined ? artifact.ref : { kind: 'image', image: service.image },
    command: row.kind === 'service' ? serviceCommand(manifest, artifact.meta, row.service) : releaseCommand(manifest, artifact.meta, service.root),
    root: service.root,
    env: environmentOf({ ...inputs, volumes }, service, surroundings),
    port: isService ? portOf(service) : null,
    volumes,
    resources: { memoryBytes: service.resources.memory === undefined ? null : parseSize(service.resources.memory), cpu: service.resources.cpu ?? null },
    metrics: isService && service.metrics !== undefined ? { path: service.metrics.path, port: service.metrics.port ?? null, everyMs: parseDuration(service.metrics.every) } : null,
    health: isService ? healthOf(service) : { kind: 'none', settleMs: 0, startupMs: 60_000 },
    stop: { signal: service.stop.signal, graceMs: parseDuration(service.stop.grace), drainMs: parseDuration(manifest.deploy.drain) },
    restart: isService ? restartOf(service) : { policy: 'temporary', intensity: 0, periodMs: 60_000, backoffMinMs: 1000, backoffMaxMs: 60_000 },
    needs: Object.keys(service.needs).map((need) => serviceKey(row.app, row.environment, need)),
  }
}

function releaseCommand(manifest: Manifest, meta: ArtifactMeta, root: string): CommandSpec {
  return launched(meta, root, { kind: 'shell', line: manifest.release ?? 'true' })
}

function portOf(service: ServiceManifest): InstanceSpec['port'] {
  if (service.port === false) return null
  return service.port ?? 'auto'
}

/**
 * A secret that services list is theirs alone; one that none lists is the whole app's. The release command speaks for the
 * app, and has all of them.
 */
function secretsOf({ row, secrets, manifest }: SpecInputs, service: ServiceManifest): Record<string, string> {
  if (row.kind === 'release') return secrets
  const listed = new Set(Object.values(manifest.services).flatMap((each) => each.secrets))
  return Object.fromEntries(Object.entries(secrets).filter(([name]) => service.secrets.includes(name) || !listed.has(name)))
}

function environmentOf(inputs: SpecInputs, service: ServiceManifest, surroundings: string): Record<string, string> {
  const { row, release, edges, volumes } = inputs
  const env: Record<string, string> = { ...service.env, ...release.config, ...secretsOf(inputs, service) }
  for (const need of Object.keys(service.needs)) {
    const edge = edges[need]
    if (edge === undefined) continue
    const name = need.toUpperCase().replaceAll('-', '_')
    env[`${name}_HOST`] ??= edge.host
    env[`${name}_PORT`] ??= String(edge.port)
    env[`${name}_URL`] ??= `${edge.scheme}://${edge.host}:${edge.port}`
  }
  for (const volume of volumes) env[volumeVariable(volume.name)] ??= volume.target
  const serviceName = row.kind === 'service' ? row.service : surroundings
  return {
    ...telemetryVariables(inputs, serviceName),
    ...env,
    NIGHTSHIFT_APP: row.app,
    NIGHTSHIFT_ENVIRONMENT: row.environment,
    NIGHTSHIFT_SERVICE: serviceName,
    NIGHTSHIFT_INSTANCE: instanceNameOf(row),
    NIGHTSHIFT_RELEASE: `v${release.number}`,
    ...(release.commit === null ? {} : { NIGHTSHIFT_COMMIT: release.commit }),
  }
}

/** What OpenTelemetry's libraries read (OpenTelemetry specification, "Environment Variable Specification"); an app that sends elsewhere sets them itself. */
function telemetryVariables({ telemetry, row, release }: SpecInputs, service: string): Record<string, string> {
  if (telemetry === null || telemetry === undefined) return {}
  const resource = { 'service.namespace': row.app, 'service.instance.id': instanceNameOf(row), 'service.version': `v${release.number}`, 'deployment.environment.name': row.environment }
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: telemetry.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${telemetry.keyOf(service, instanceNameOf(row))}`,
    OTEL_SERVICE_NAME: service,
    OTEL_RESOURCE_ATTRIBUTES: Object.entries(resource).map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join(','),
  }
}

function healthOf(service: ServiceManifest): HealthSpec {
  const { health } = service
  const listens = service.port !== false
  if (health === undefined) {
    const startupMs = 60_000
    return listens ? { kind: 'tcp', http: service.protocol === 'http', intervalMs: 2000, timeoutMs: 1000, failures: 3, startupMs } : { kind: 'none', settleMs: 1000, startupMs }
  }
  const times = { intervalMs: parseDuration(health.interval), timeoutMs: parseDuration(health.timeout), failures: health.failures, startupMs: parseDuration(health.startup) }
  if (health.exec !== undefined) return { kind: 'exec', argv: health.exec, ...times }
  if (health.path !== undefined) return { kind: 'http', path: health.path, ...(health.host === undefined ? {} : { host: health.host }), ...times }
  return listens ? { kind: 'tcp', http: service.protocol === 'http', ...times } : { kind: 'none', settleMs: 1000, startupMs: times.startupMs }
}

function restartOf(service: ServiceManifest): InstanceSpec['restart'] {
  const [min, max] = service.restart.backoff.split('..') as [string, string]
  return { policy: service.restart.policy, intensity: service.restart.intensity, periodMs: parseDuration(service.restart.period), backoffMinMs: parseDuration(min), backoffMaxMs: parseDuration(max) }
}
