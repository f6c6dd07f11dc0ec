/** What can be seen of a container from outside, by its processes on this machine. */
import type Docker from 'dockerode'
import type { Listening } from '../port.ts'
import { listeningOf } from '../process/listening.ts'
import { childOf, isStopped } from '../process/proc.ts'

/** net.ipv4.ip_local_port_range begins here by default. */
const firstEphemeralPort = 32_768

/** Paused by the engine, or its program stopped by a signal. */
export function isFrozen({ State }: Docker.ContainerInspectInfo): boolean {
  if (!State.Running) return false
  const app = State.Paused ? null : childOf(State.Pid)
  return State.Paused || (app !== null && isStopped(app))
}

/** The engine's own name server listens in a container too, on a port of chance. */
export function listeningIn({ State }: Docker.ContainerInspectInfo): Listening[] {
  return State.Running ? listeningOf(State.Pid, null).filter(({ port, loopback }) => !loopback || port < firstEphemeralPort) : []
}
