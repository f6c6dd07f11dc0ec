/** What the journal puts on the time axis of graphs. Pure. */
import type { JournalEvent } from '#contract/model.ts'

export type Mark = { /** Seconds since 1970. */ at: number; label: string; about: string; tone: 'rule-strong' | 'amber-mark' | 'red-mark' | 'violet' }

const changed = ['release.activated', 'config.changed', 'secret.changed', 'scale.changed', 'domain', 'app.restarted', 'app.stopped', 'app.started']
const healed = ['remediation.opened', 'rollout.rolled-back']
/** What the agent mends within seconds. */
const passing = ['instance.exited', 'instance.unhealthy']
const failed = ['instance.exited', 'instance.held', 'instance.unhealthy', 'machine.lost', 'check.down', 'alert.raised', 'release.failed']
/** Asked of the journal in one question. Of all apps together not each instance that ended and came back: with many there is always one. */
export const markKinds = (app: string | undefined) => [...changed, ...healed, ...failed.filter((kind) => app !== undefined || !passing.includes(kind)), 'fault'].join(',')

/** Of what happened at nearly the same time, one mark: the first, with the number of the others. `near` in seconds; of `all` apps together an instance is told by its app. */
export function marksOf(events: readonly JournalEvent[], near: number, all = false): Mark[] {
  const marks: (Mark & { more: number })[] = []
  for (const event of events.toSorted((one, other) => one.at.localeCompare(other.at))) {
    const at = Date.parse(event.at) / 1000
    const tone = toneOf(event.kind)
    const last = marks.findLast((mark) => mark.tone === tone)
    if (last !== undefined && at - last.at < near) last.more++
    else marks.push({ at, label: labelOf(event, all), about: event.summary, tone, more: 0 })
  }
  return marks.map(({ more, about, ...mark }) => ({ ...mark, about: more === 0 ? about : `${about}, and ${more} more` }))
}

const isOf = (kinds: readonly string[], kind: string) => kinds.some((one) => kind === one || kind.startsWith(`${one}.`))
const toneOf = (kind: string): Mark['tone'] => (kind.startsWith('fault.') ? 'violet' : isOf(healed, kind) ? 'amber-mark' : isOf(failed, kind) ? 'red-mark' : 'rule-strong')

function labelOf({ kind, release, service, app }: JournalEvent, all: boolean): string {
  if (kind === 'release.activated' && release !== null) return all && app !== null ? `${app} v${release}` : `v${release}`
  const word = { remediation: 'heals', rollout: 'rolled back', config: 'config', secret: 'secret', scale: 'scale', domain: 'domain', fault: 'fault', machine: 'machine lost', check: 'check down', alert: 'alert', release: 'failed' }[kind.split('.')[0] as string]
  return word ?? (kind.startsWith('app.') ? (kind.split('.')[1] as string) : ((all ? app : service) ?? 'instance'))
}

/** Marks at the places where they are drawn; those of one `group` stood too close, and were moved beside each other. */
export type Placed<M> = { mark: M; x: number; group: number }

/** So that no two lie over each other: `least` apart, in their order, around where they were; within `from`..`to` as long as there is room. */
export function apart<M extends { x: number }>(marks: readonly M[], least: number, from: number, to: number): Placed<M>[] {
  const groups: { marks: M[]; middle: number }[] = []
  const reach = ({ marks: those }: { marks: readonly M[] }) => ((those.length - 1) * least) / 2
  for (const mark of marks.toSorted((one, other) => one.x - other.x)) {
    groups.push({ marks: [mark], middle: mark.x })
    for (let [last, before] = [groups.at(-1), groups.at(-2)]; last !== undefined && before !== undefined && last.middle - reach(last) - (before.middle + reach(before)) < least; [last, before] = [groups.at(-1), groups.at(-2)]) {
      const all = [...before.marks, ...last.marks]
      const mean = all.reduce((sum, { x }) => sum + x, 0) / all.length
      const half = reach({ marks: all })
      groups.splice(-2, 2, { marks: all, middle: Math.max(from + half, Math.min(to - half, mean)) })
    }
  }
  return groups.flatMap((group, nth) => group.marks.map((mark, at) => ({ mark, x: group.middle - reach(group) + at * least, group: nth })))
}
