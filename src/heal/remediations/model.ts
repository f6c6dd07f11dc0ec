/** A remediation: signal → action → verification → outcome. */
import type { Cause, HealMode, RemediationState, Rung, SignalKind, Try } from '#contract/healing.ts'
import type { Actor } from '#contract/model.ts'
import type { World } from '#heal/causes/cause-of.ts'
import type { Undo } from '#heal/causes/model.ts'
import type { PauseRow } from '#heal/pauses/model.ts'
import type { Target } from '#heal/signals/model.ts'
import type { Tuning } from './rules.ts'

export const healingActor: Actor = { kind: 'loop', name: 'healing' }

/** waiting ⇄ suggested → verifying ⇄ waiting → an end. Ends never change. */
export const remediationTransitions: Record<RemediationState, readonly RemediationState[]> = {
  'waiting': ['suggested', 'verifying', 'recovered', 'handed-over', 'dismissed'],
  'suggested': ['waiting', 'verifying', 'recovered', 'handed-over', 'dismissed'],
  'verifying': ['waiting', 'verified', 'recovered', 'handed-over', 'dismissed'],
  'verified': [],
  'recovered': [],
  'handed-over': [],
  'dismissed': [],
}

export type RemediationRow = {
  id: string
  rule: string
  target: string
  app: string | null
  environment: string | null
  service: string | null
  machine: string | null
  signal: { kind: SignalKind; because: string; since: string }
  cause: Cause
  state: RemediationState
  because: string
  tries: Try[]
  next: Rung | null
  /** Who approved the action that is suggested. */
  approved_by: string | null
  opened_at: Date
  ended_at: Date | null
}

export type OpenAlert = { id: string; target: string; remediation: string | null }

export type HealFacts = World & {
  /** Open ones, those that ended within the last hour, and what a person took as long as it is not well. */
  remediations: readonly RemediationRow[]
  alerts: readonly OpenAlert[]
  modes: Readonly<Record<string, HealMode>>
  /** What an operator set over a rule's own time and budgets. */
  tunings: Readonly<Record<string, Tuning>>
  pauses: readonly PauseRow[]
  stopped: { by: string; because: string } | null
}

export type Action = { target: Target; because: string } & (
  | { do: 'open'; rule: string; signal: RemediationRow['signal']; cause: Cause }
  /** Nothing but what the row says changes: what is waited for, another cause. */
  | { do: 'note'; id: string; state: 'waiting' | 'suggested'; rule: string; cause: Cause; next: Rung | null }
  | { do: 'try'; id: string; rule: string; cause: Cause; rung: Rung; instances: readonly string[]; undo: Undo | null; by: string; verifyBy: Date }
  | { do: 'settle'; id: string; outcome: 'verified' | 'failed' | 'nothing-to-verify' }
  | { do: 'end'; id: string; state: 'verified' | 'recovered' }
  | { do: 'end'; id: string; state: 'handed-over'; rule: string; cause: Cause }
  | { do: 'raise'; severity: 'critical' | 'warning'; title: string; wayOut: string; remediation: string | null }
  | { do: 'clear'; alert: string }
)

export type Plan = { actions: Action[]; waiting: string[]; /** Why nothing is done to instances at all; null: it is. */ breaker: string | null }
