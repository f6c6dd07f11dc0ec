import { AppError } from '#base/errors.ts'
import type { InstanceSpec } from '#contract/wire.ts'
import type { TaskDriver, TaskSpec } from '#drivers/task/port.ts'
import { displayName, identityOf, labelsOf, type TaskView } from './identity.ts'
import { type PortAllocator, whyTaken } from './ports.ts'
import type { Statsd } from './statsd/statsd.ts'
import type { Slugs } from './slugs.ts'

/** The port inside a container, where nobody else could have it. */
const portOfOwnAddress = 8080

export type Prepared = { task: TaskSpec; /** Gives back what was only reserved. */ release(): void }

/** Everything an attempt needs before its process can exist: the unpacked artifact and a port. */
export type Starter = {
  /** Throws an `AppError` that says what is missing; nothing has been started then. */
  prepare(spec: InstanceSpec, attempt: number): Promise<Prepared>
}

export function createStarter(options: {
  driver: Pick<TaskDriver, 'ownAddresses'>
  slugs: Pick<Slugs, 'ensure'>
  ports: PortAllocator
  statsd: Pick<Statsd, 'open'>
  tasks(): readonly TaskView[]
}): Starter {
  const reserved = new Set<number>()

  function portsInUse(): Map<number, TaskView> {
    const inUse = new Map<number, TaskView>()
    for (const view of options.tasks()) if (view.status.state === 'running' && view.who.port !== null) inUse.set(view.who.port, view)
    return inUse
  }

  async function choosePort(spec: InstanceSpec): Promise<number | null> {
    if (spec.port === null) return null
    if (options.driver.ownAddresses) return spec.port === 'auto' ? portOfOwnAddress : spec.port
    if (spec.port === 'auto') {
      const port = await options.ports.pick(new Set([...portsInUse().keys(), ...reserved]))
      if (port === null) throw new AppError('unavailable', 'no port of the range for apps is free (stop something, or give the agent a larger range)')
      return port
    }
    const holder = portsInUse().get(spec.port)
    if (holder) throw new AppError('unavailable', `port ${spec.port} is taken by ${displayName(holder.who)}`)
    const taken = reserved.has(spec.port) ? 'another instance that is being started' : await whyTaken(spec.port)
    if (taken) throw new AppError('unavailable', `port ${spec.port} can't be had: ${taken} (free it, or let the service use PORT)`)
    return spec.port
  }

  return {
    async prepare(spec, attempt) {
      const slugPath = spec.artifact.kind === 'slug' ? await options.slugs.ensure(spec.artifact) : null
      const port = await choosePort(spec)
      if (port !== null) reserved.add(port)
      const asked = identityOf(spec, attempt, port)
      const statsd = spec.env['STATSD_HOST'] === undefined && spec.env['STATSD_PORT'] === undefined ? await options.statsd.open(asked) : null
      const who = { ...asked, statsdPort: statsd?.port ?? null }
      return {
        task: {
          id: who.task,
          labels: labelsOf(who),
          artifact: spec.artifact,
          slugPath,
          root: spec.root,
          command: spec.command,
          env: { ...spec.env, ...(port === null ? {} : { PORT: String(port) }), ...(statsd === null ? {} : { STATSD_HOST: statsd.host, STATSD_PORT: String(statsd.port) }) },
          port,
          volumes: spec.volumes,
          resources: spec.resources,
          stopSignal: spec.stop.signal,
        },
        release() {
          if (port !== null) reserved.delete(port)
        },
      }
    },
  }
}
