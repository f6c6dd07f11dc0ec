/** Remediations of one cause as one row, so that a storm does not bury what is beside it. Pure. */
import type { Remediation } from '#contract/healing.ts'
import { inOrder, placeOf, pluralVerbs, stateHealth, stateWords, titleOf } from './remediation-words.ts'

/** One alone, or many alike, the gravest first. */
export type Group = { key: string; all: readonly Remediation[] }

/** So many in a row are one row. */
const least = 4
/** What is further apart in time is no storm. */
const nearMs = 30 * 60_000

/** What makes two alike: noticed in the same way, for the same reason, in the hands of the same rule. */
function kindOf({ rule, signal, cause, endedAt }: Remediation): string {
  const reason = cause.kind === 'unknown' ? 'unknown' : `${cause.kind} ${cause.of ?? cause.event ?? cause.because}`
  return [endedAt === null, rule, signal.kind, reason].join('\n')
}

/** What waits for a person first, then the newest; all of a kind in the same state are one, wherever they stand. */
export function openGroups(list: readonly Remediation[]): Group[] {
  const kinds = new Map<string, Remediation[]>()
  for (const one of inOrder(list)) {
    const kind = `${one.state}\n${kindOf(one)}`
    kinds.set(kind, [...(kinds.get(kind) ?? []), one])
  }
  return [...kinds.values()].flatMap(folded)
}

/** In the order given: only what stands side by side, and came at nearly the same time, is one. */
export function pastGroups(list: readonly Remediation[]): Group[] {
  const runs: Remediation[][] = []
  for (const one of list) {
    const run = runs.at(-1)
    const last = run?.at(-1)
    if (run !== undefined && last !== undefined && kindOf(last) === kindOf(one) && Math.abs(Date.parse(last.openedAt) - Date.parse(one.openedAt)) <= nearMs) run.push(one)
    else runs.push([one])
  }
  return runs.flatMap(folded)
}

const folded = (run: readonly Remediation[]): Group[] => (run.length < least ? run.map((one) => ({ key: one.id, all: [one] })) : [{ key: (run.at(-1) as Remediation).id, all: inOrder(run) }])

/** `12 services are down`, or `shop/web was down, 12 times`. */
export function groupTitle(all: readonly Remediation[]): string {
  const [first] = all as [Remediation]
  const places = new Map(all.map((one) => [one.target, placeOf(one)]))
  if (places.size === 1) return `${titleOf(first)}, ${all.length} times`
  const areMachines = [...places.values()].every((place) => place.isMachine)
  return `${places.size} ${areMachines ? 'machines' : 'services'} ${pluralVerbs[first.signal.kind][first.endedAt === null ? 0 : 1]}`
}

/** `9 healed, 3 went by themselves`, the gravest first. */
export function stateCounts(all: readonly Remediation[]): string {
  const counts = new Map<string, number>()
  for (const { state } of all) counts.set(stateWords[state], (counts.get(stateWords[state]) ?? 0) + 1)
  return [...counts].map(([words, count]) => `${count} ${words.replace('waits', count === 1 ? 'waits' : 'wait').replace('itself', count === 1 ? 'itself' : 'themselves')}`).join(', ')
}

/** Of the gravest, which stands first. */
export const groupHealth = (all: readonly Remediation[]) => stateHealth[(all[0] as Remediation).state]
