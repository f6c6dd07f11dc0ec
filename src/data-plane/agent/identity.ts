import { type HealthSpec, type InstanceKind, type InstanceSpec, instanceKinds } from '#contract/wire.ts'
import { type ServiceKey, serviceKey } from '#contract/names.ts'
import type { TaskStatus } from '#drivers/task/port.ts'

/**
 * Who a task is, written into its labels at the start and read back by whoever finds it. All that is needed to keep a
 * running task healthy, in rotation and logged is in here, so that an agent that lost its desired state can still do so.
 */
export type TaskIdentity = {
  task: string
  instance: string
  generation: number
  attempt: number
  kind: InstanceKind
  app: string
  environment: string
  service: string
  name: string
  release: number
  /** The slug's digest, or the image. */
  artifact: string
  port: number | null
  /** Where it sends StatsD. */
  statsdPort?: number | null
  health: HealthSpec
  stop: InstanceSpec['stop']
}

/** A task that this agent started, as the driver sees it. */
export type TaskView = { who: TaskIdentity; status: TaskStatus }

export function taskId(instance: string, generation: number, attempt: number): string {
  return `${instance}.${generation}-${attempt}`
}

export function serviceOf(who: { app: string; environment: string; service: string }): ServiceKey {
  return serviceKey(who.app, who.environment, who.service)
}

/** `shop/web.1`, or `shop/staging/web.1` outside production: for a person. */
export function displayName(who: { app: string; environment: string; name: string }): string {
  return who.environment === 'production' ? `${who.app}/${who.name}` : `${who.app}/${who.environment}/${who.name}`
}

export function identityOf(spec: InstanceSpec, attempt: number, port: number | null): TaskIdentity {
  return {
    task: taskId(spec.id, spec.generation, attempt),
    instance: spec.id,
    generation: spec.generation,
    attempt,
    kind: spec.kind,
    app: spec.app,
    environment: spec.environment,
    service: spec.service,
    name: spec.name,
    release: spec.release,
    artifact: spec.artifact.kind === 'slug' ? spec.artifact.digest : spec.artifact.image,
    port,
    health: spec.health,
    stop: spec.stop,
  }
}

export function labelsOf(who: TaskIdentity): Record<string, string> {
  return {
    instance: who.instance,
    generation: String(who.generation),
    attempt: String(who.attempt),
    kind: who.kind,
    app: who.app,
    environment: who.environment,
    service: who.service,
    name: who.name,
    release: String(who.release),
    artifact: who.artifact,
    port: who.port === null ? '' : String(who.port),
    ...(who.statsdPort ? { statsd: String(who.statsdPort) } : {}),
    health: JSON.stringify(who.health),
    stop: JSON.stringify(who.stop),
  }
}

/** The task with its identity, or null when the labels are not ours: such a task is never touched. */
export function readTask(status: TaskStatus): TaskView | null {
  const label = (key: string) => status.labels[key]
  const instance = label('instance')
  const kind = instanceKinds.find((candidate) => candidate === label('kind'))
  const generation = Number(label('generation'))
  const attempt = Number(label('attempt'))
  if (!instance || !kind || !Number.isInteger(generation) || !Number.isInteger(attempt)) return null
  const port = label('port')
  const statsd = Number(label('statsd'))
  return {
    status,
    who: {
      task: status.id,
      instance,
      generation,
      attempt,
      kind,
      app: label('app') ?? '',
      environment: label('environment') ?? '',
      service: label('service') ?? '',
      name: label('name') ?? instance,
      release: Number(label('release') ?? 0),
      artifact: label('artifact') ?? '',
      port: port ? Number(port) : null,
      ...(statsd > 0 ? { statsdPort: statsd } : {}),
      health: parsed<HealthSpec>(label('health')) ?? { kind: 'none', settleMs: 0, startupMs: 0 },
      stop: parsed<InstanceSpec['stop']>(label('stop')) ?? { signal: 'SIGTERM', graceMs: 10_000, drainMs: 10_000 },
    },
  }
}

function parsed<T>(text: string | undefined): T | null {
  if (!text) return null
  try {
    return JSON.parse(text) as T
  } catch {
    return null
  }
}
