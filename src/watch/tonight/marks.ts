/** The last hours as marks: what broke, what healed, what was changed. Pure. */
import type { EventKind } from '#contract/events.ts'
import type { JournalEvent, Tonight } from '#contract/model.ts'
import { changeKinds } from '#watch/journal/read.ts'

export type Mark = Tonight['marks'][number]

const faults: ReadonlySet<EventKind> = new Set(['instance.exited', 'instance.unhealthy', 'instance.vanished', 'release.failed', 'build.failed', 'machine.lost'])

const maxMarks = 500

/** An instance by its name: `web.1` of another release is its successor. */
function subjectOf(event: JournalEvent): string {
  return event.kind.startsWith('machine.') ? `machine ${event.machine}` : `${event.app}/${event.environment}/${event.instance}`
}

/**
 * @param events  oldest first
 * A fault is healed when its subject, or the successor of that name, is ready again. Further faults before that belong
 * to the same one: three restarts until it stood are one fault healed. An end with code 0 is a fault only when the agent
 * had to start it again, because one-offs and release commands end so.
 */
export function marksOf(events: readonly JournalEvent[]): Mark[] {
  const marks: Mark[] = []
  const open = new Set<string>()
  for (const event of events) {
    const subject = subjectOf(event)
    const mark = (kind: Mark['kind'], summary = event.summary) => marks.push({ at: event.at, kind, event: event.id, app: event.app, summary })
    const restarted = event.kind === 'instance.restarting' && event.actor.kind === 'agent' && !open.has(subject)
    const ended = event.kind === 'instance.exited' && event.data['code'] === 0
    if (event.kind === 'instance.held') {
      mark('held')
      open.add(subject)
    } else if (restarted || (faults.has(event.kind) && !ended)) {
      if (!open.has(subject)) mark('fault')
      if (event.instance !== null || event.kind === 'machine.lost') open.add(subject)
    } else if (event.kind === 'instance.ready' || event.kind === 'machine.connected') {
      if (open.delete(subject)) mark('healed', `healed: ${event.summary}`)
    } else if (changeKinds.has(event.kind)) mark('change')
  }
  return marks.slice(-maxMarks)
}

/** When the fault of a service began that is open still, if one is: the oldest of its instances. */
export function openSince(events: readonly JournalEvent[], app: string, environment: string, service: string): string | undefined {
  const since = new Map<string, string>()
  for (const event of events) {
    if (event.app !== app || event.environment !== environment || event.service !== service) continue
    const subject = subjectOf(event)
    if (event.kind === 'instance.ready' || event.kind === 'instance.removed') since.delete(subject)
    else if ((faults.has(event.kind) || event.kind === 'instance.held') && !since.has(subject)) since.set(subject, event.at)
  }
  return [...since.values()].sort()[0]
}
