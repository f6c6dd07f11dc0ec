/** What an inspection says of a task, and what of it stays true. */
import type Docker from 'dockerode'
import { z } from 'zod'
import type { TaskStatus } from '../port.ts'
import { childOf } from '../process/proc.ts'
import { exitFromStatus } from '../task-rules.ts'
import { labelsLabel } from './container-spec.ts'

const labelsSchema = z.object({ labels: z.record(z.string(), z.string()), port: z.number().nullable() })

/** Of a running task it stays true until it ends, of an ended one for good. */
export type Known = { status: TaskStatus; enginePid: number; memoryBytes: number | null }

/** `before`: what was known of it; an ended container has no address any more. */
export function knownOf(id: string, found: Docker.ContainerInspectInfo, before: Known | undefined): Known {
  const { State } = found
  const { labels, port } = labelsSchema.parse(JSON.parse(found.Config.Labels[labelsLabel] ?? '{}'))
  const running = State.Running
  const host = Object.values(found.NetworkSettings.Networks)[0]?.IPAddress ?? ''
  const exit = running ? null : exitFromStatus(State.ExitCode, false, new Date(State.FinishedAt).toISOString())
  const known: Known = {
    status: {
      id,
      labels,
      state: running ? 'running' : 'exited',
      pid: null,
      startedAt: new Date(State.StartedAt).toISOString(),
      address: port === null ? null : host === '' ? (before?.status.address ?? null) : { host, port },
      exit: exit && { ...exit, oom: State.OOMKilled && exit.code !== 0 },
    },
    enginePid: State.Pid,
    memoryBytes: found.HostConfig.Memory ? found.HostConfig.Memory : null,
  }
  return { ...known, status: withPid(known) }
}

/** The app's own process: the child of the container's init. Null where the engine's processes are not this machine's. */
export function withPid(known: Known): TaskStatus {
  return { ...known.status, pid: known.status.state === 'running' ? childOf(known.enginePid) : null }
}
