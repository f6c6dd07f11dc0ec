/** From verdicts to what is told: which states changed, which alerts are raised and cleared. Pure. */
import type { CheckState } from '#contract/checks.ts'
import type { CheckRowIn, StateRow } from './model.ts'
import type { Verdict } from './state.ts'

type Before = Pick<StateRow, 'state' | 'because' | 'alerted'> & Pick<CheckRowIn, 'severity'>
export type Severity = 'critical' | 'warning'
export type Told = { changed: boolean; event: 'check.down' | 'check.up' | null; /** The alert that is to be open: `keep` = as it is. */ alert: Severity | null | 'keep' }

/** In these nobody knows better than before. */
const undecided: readonly CheckState[] = ['pending', 'unknown']

export function told(before: Before, { state }: Verdict): Told {
  const changed = before.state !== state
  const alert = state === 'down' ? before.severity : state === 'warn' ? 'warning' : undecided.includes(state) ? 'keep' : null
  return { changed, alert: alert === before.alerted ? 'keep' : alert, event: changed ? eventOf(before, state) : null }
}

/** `check.up` is told of what was told to be down, also when it went through other states meanwhile. */
function eventOf(before: Before, state: CheckState): Told['event'] {
  if (state === 'down') return 'check.down'
  const isWell = state === 'up' || state === 'warn'
  const wasDown = before.state === 'down' || before.state === 'suppressed' || (undecided.includes(before.state) && before.alerted !== null && before.alerted === before.severity)
  return isWell && wasDown ? 'check.up' : null
}
