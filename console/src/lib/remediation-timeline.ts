/** A remediation as moments in time: for its page, and as marks on its graphs. Pure. */
import type { Cause, Remediation, Try } from '#contract/healing.ts'
import { rungWords, stateWords } from './remediation-words.ts'

export type Moment =
  | { kind: 'noticed'; at: string; because: string }
  | { kind: 'cause'; at: string; cause: Cause }
  | { kind: 'try'; at: string; try: Try }
  | { kind: 'now'; at: null }
  | { kind: 'end'; at: string; state: Remediation['state']; because: string }

type Parts = Pick<Remediation, 'signal' | 'cause' | 'tries' | 'state' | 'because' | 'openedAt' | 'endedAt'>

/** Noticed, the cause, each try, then the end, or what is waited for now. */
export function momentsOf({ signal, cause, tries, state, because, openedAt, endedAt }: Parts): Moment[] {
  const tried = [...tries].sort((a, b) => a.at.localeCompare(b.at))
  return [
    { kind: 'noticed', at: signal.since, because: signal.because },
    { kind: 'cause', at: openedAt, cause },
    ...tried.map((one) => ({ kind: 'try' as const, at: one.at, try: one })),
    endedAt === null ? { kind: 'now', at: null } : { kind: 'end', at: endedAt, state, because },
  ]
}

const endLabels: Partial<Record<Remediation['state'], string>> = { verified: 'healed', recovered: 'recovered', 'handed-over': 'handed over', dismissed: 'taken' }

/** Seconds since 1970, each with a word short enough for a graph; a page is not a mark of its own, because it ends it. */
export function marksOf({ openedAt, tries, state, endedAt }: Parts): { at: number; label: string }[] {
  const seconds = (iso: string) => Date.parse(iso) / 1000
  return [
    { at: seconds(openedAt), label: 'noticed' },
    ...tries.filter((one) => one.rung !== 'page').map((one) => ({ at: seconds(one.at), label: one.rung })),
    ...(endedAt === null ? [] : [{ at: seconds(endedAt), label: endLabels[state] ?? stateWords[state] }]),
  ]
}

/** In one line what was done: the newest try (a page is none, where there was another), and what came before it. */
export function didOf(tries: readonly Try[]): string {
  const acts = tries.filter((one) => one.rung !== 'page')
  const list = acts.length === 0 ? tries : acts
  const last = list.at(-1)
  if (last === undefined) return 'nothing was done'
  return list.length === 1 ? last.did : `${last.did} (before it: ${list.slice(0, -1).map((one) => rungWords[one.rung].does.toLowerCase()).join(', ')})`
}

/** From the first sign to the end, in milliseconds. */
export const lastedMs = ({ signal, endedAt }: Pick<Remediation, 'signal' | 'endedAt'>, now: number) => Math.max(0, (endedAt === null ? now : Date.parse(endedAt)) - Date.parse(signal.since))
