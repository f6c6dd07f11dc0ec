/** What to do about builds: pure, from rows and tasks. Never two of one environment at once, never more than `concurrency` in all. */
import type { BuildRow } from './store.ts'

export const maxAttempts = 2

/** A worker (or, for images, our own work on it). */
export type SeenWork = { state: 'running' | 'exited' }

export type Action =
  | { kind: 'start'; build: BuildRow; because: string }
  | { kind: 'cancel'; build: BuildRow; because: string }
  /** Stop the worker; it is settled once it has exited. */
  | { kind: 'stop'; build: BuildRow; because: string }
  | { kind: 'settle'; build: BuildRow; because: string }
  | { kind: 'fail'; build: BuildRow; because: string }

export type Decision = { actions: Action[]; waiting: string[] }

export type Observed = { builds: readonly BuildRow[]; work: ReadonlyMap<string, SeenWork>; now: Date; concurrency: number; timeMs: number }

/** Time that a worker gets beyond its own limit before it is stopped from outside. */
const graceMs = 15_000

export function planBuilds({ builds, work, now, concurrency, timeMs }: Observed): Decision {
  const decision: Decision = { actions: [], waiting: [] }
  const busy = new Set<string>()
  const ordered = builds.toSorted((a, b) => a.queued_at.getTime() - b.queued_at.getTime() || (a.id < b.id ? -1 : 1))
  for (const build of ordered) {
    if (build.state !== 'running') continue
    busy.add(`${build.app}/${build.environment}`)
    decideRunning(build, work.get(build.id), now, timeMs, decision)
  }
  let free = concurrency - ordered.filter((build) => build.state === 'running').length
  for (const build of ordered) {
    if (build.state !== 'queued') continue
    const place = `${build.app}/${build.environment}`
    if (build.cancel_requested) decision.actions.push({ kind: 'cancel', build, because: 'it was cancelled before it began' })
    else if (busy.has(place)) decision.waiting.push(`${build.id}: another build of ${place} comes first`)
    else if (free <= 0) decision.waiting.push(`${build.id}: ${concurrency} build${concurrency === 1 ? ' is' : 's are'} running on this machine`)
    else {
      decision.actions.push({ kind: 'start', build, because: 'it is its turn' })
      busy.add(place)
      free--
    }
  }
  return decision
}

function decideRunning(build: BuildRow, seen: SeenWork | undefined, now: Date, timeMs: number, decision: Decision): void {
  if (seen === undefined) {
    if (build.cancel_requested) decision.actions.push({ kind: 'cancel', build, because: 'it was cancelled' })
    else if (build.source.attempts < maxAttempts) decision.actions.push({ kind: 'start', build, because: 'its worker is gone (the machine or Nightshift went down), so it is built again' })
    else decision.actions.push({ kind: 'fail', build, because: `its worker vanished ${maxAttempts} times` })
    return
  }
  if (seen.state === 'exited') {
    decision.actions.push({ kind: 'settle', build, because: 'its worker has ended' })
    return
  }
  const ranMs = now.getTime() - (build.started_at ?? now).getTime()
  if (build.cancel_requested) decision.actions.push({ kind: 'stop', build, because: 'it was cancelled' })
  else if (ranMs > timeMs + graceMs) decision.actions.push({ kind: 'stop', build, because: 'it took longer than it may' })
  else decision.waiting.push(`${build.id}: its worker builds`)
}
