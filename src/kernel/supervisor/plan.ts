/**
 * What the supervisor does next: pure, total, and each action and wait says why.
 *
 * Invariants (proved in plan.test.ts): a process that is as it should be is never touched; one action per process;
 * nothing is started before what it needs is ready, or before its backoff is over; the order of the input is of no matter.
 */
import { backoffMs } from '#base/backoff.ts'
import { formatDuration } from '#base/units.ts'

export type Wanted = {
  name: string
  /** What it is made of (version, arguments): a living process made of something else is replaced. */
  fingerprint: string
  /** Names that must be ready before it is started. A running one is not stopped when they go. */
  needs: readonly string[]
  /** Longest time from its start to ready, then it counts as hung. */
  startupMs: number
  /** Longest silence of a process that was ready, then it counts as hung. */
  hangMs: number
}

export type Observed = {
  name: string
  fingerprint: string
  /** silent: it lives and answers nothing. */
  health: 'starting' | 'ready' | 'silent'
  /** How long it has had this health. */
  forMs: number
}

/** Starts in a row since it last stayed up, and when the last one was. */
export type History = { starts: number; lastStartAt: number }

export type Action = { do: 'start' | 'replace' | 'kill'; name: string; because: string }
export type Wait = { name: string; untilMs: number | undefined; because: string }
export type Plan = { actions: Action[]; waiting: Wait[] }

/** Ready for this long, a process counts as well again: its next crash is the first. */
export const stableMs = 10_000

/** 0, 100, 200, 400 ms … 10 s: the first start and the first restart of a stable process do not wait. */
export function restartDelayMs(starts: number): number {
  return starts <= 1 ? 0 : backoffMs(100, 10_000, starts - 2)
}

export function plan(wanted: readonly Wanted[], observed: readonly Observed[], histories: ReadonlyMap<string, History>, now: number): Plan {
  const found = new Map(observed.map((each) => [each.name, each]))
  const result: Plan = { actions: [], waiting: [] }
  for (const want of wanted.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const have = found.get(want.name)
    if (have) judge(want, have, result)
    else startOrWait(want, found, histories.get(want.name), now, result)
  }
  return result
}

function judge(want: Wanted, have: Observed, { actions, waiting }: Plan): void {
  const { name } = want
  if (have.fingerprint !== want.fingerprint) {
    actions.push({ do: 'replace', name, because: `it runs with other settings or another version (${have.fingerprint} instead of ${want.fingerprint})` })
  } else if (have.health === 'silent' && have.forMs >= want.hangMs) {
    actions.push({ do: 'kill', name, because: `it has answered nothing for ${formatDuration(have.forMs)}` })
  } else if (have.health === 'starting' && have.forMs >= want.startupMs) {
    actions.push({ do: 'kill', name, because: `it is not ready ${formatDuration(have.forMs)} after its start` })
  } else if (have.health !== 'ready') {
    const limit = have.health === 'silent' ? want.hangMs : want.startupMs
    waiting.push({ name, untilMs: undefined, because: `${have.health} for ${formatDuration(have.forMs)} of at most ${formatDuration(limit)}` })
  }
}

function startOrWait(want: Wanted, found: ReadonlyMap<string, Observed>, history: History | undefined, now: number, { actions, waiting }: Plan): void {
  const { name } = want
  const missing = want.needs.filter((need) => found.get(need)?.health !== 'ready')
  if (missing.length > 0) {
    waiting.push({ name, untilMs: undefined, because: `it needs ${missing.join(' and ')} first` })
    return
  }
  const starts = history?.starts ?? 0
  const at = (history?.lastStartAt ?? 0) + restartDelayMs(starts)
  if (history && now < at) waiting.push({ name, untilMs: at, because: `it ended ${starts} times in a row, next start in ${formatDuration(at - now)}` })
  else actions.push({ do: 'start', name, because: history ? 'it has ended' : 'it does not run yet' })
}
