/** The ladders: for each signal and cause what is tried, in this order, how often at most, and how long it may take to help. */
import type { CauseKind, HealMode, Rung, SignalKind } from '#contract/healing.ts'

export type Rule = {
  id: string
  title: string
  about: string
  signals: readonly SignalKind[]
  /** null: whatever the cause. */
  cause: CauseKind | null
  ladder: readonly Rung[]
  defaultMode: HealMode
  perTargetPerHour: number
  perHour: number
  /** From the action until the signal must be gone. */
  verifyWithinMs: number
}

const ofService: readonly SignalKind[] = ['down', 'degraded', 'crash-loop', 'flapping', 'failing', 'slow', 'outlier']
const rule = (id: string, one: Omit<Rule, 'id' | 'defaultMode' | 'perTargetPerHour' | 'perHour' | 'verifyWithinMs'> & Partial<Rule>): Rule => ({ id, defaultMode: 'auto', perTargetPerHour: 4, perHour: 12, verifyWithinMs: 2 * 60_000, ...one })

/** The first that fits is taken. */
export const rules: readonly Rule[] = [
  rule('dependency-down', { title: 'What it needs is down', about: 'Callers are held and left alone; what they need is healed.', signals: ofService, cause: 'dependency', ladder: ['wait'] }),
  rule('machine-sick', { title: 'Its machine is sick', about: 'The instances are left alone; the machine is healed.', signals: ofService, cause: 'machine', ladder: ['wait'] }),
  rule('newest-change', { title: 'The newest change came just before', about: 'A release, config, secret or scale change of the last half hour is undone.', signals: ofService, cause: 'change', ladder: ['revert', 'page'], perTargetPerHour: 2, perHour: 6, verifyWithinMs: 4 * 60_000 }),
  rule('alert-after-change', { title: 'An alert follows a change', about: 'A check or a rule of yours tells of a service, as critical, within half an hour of a change: that is undone. Else the alert stands for itself.', signals: ['alerting'], cause: 'change', ladder: ['revert'], perTargetPerHour: 2, perHour: 6, verifyWithinMs: 15 * 60_000 }),
  rule('alerting', { title: 'An alert of yours', about: 'No change to undo: the alert tells a person already.', signals: ['alerting'], cause: null, ladder: ['wait'] }),
  rule('out-of-memory', { title: 'It uses more memory than it may', about: 'Starting it again does not make it smaller: a person gives it more or mends it.', signals: ofService, cause: 'memory', ladder: ['page'] }),
  rule('crash-loop', { title: 'It does not stay up', about: 'The instance is made anew, in a fresh folder.', signals: ['crash-loop'], cause: 'unknown', ladder: ['recreate', 'page'] }),
  rule('outlier', { title: 'One instance is unlike the others', about: 'The one that the ingress keeps taking out of rotation is started again, then made anew.', signals: ['outlier'], cause: 'unknown', ladder: ['restart', 'recreate', 'page'], verifyWithinMs: 12 * 60_000 }),
  rule('failing', { title: 'It answers with errors', about: 'The instances are started again, one after the other.', signals: ['failing'], cause: 'unknown', ladder: ['restart', 'page'], verifyWithinMs: 3 * 60_000 }),
  rule('slow', { title: 'It answers far later than usual', about: 'Nothing changed: a person looks at what it waits for.', signals: ['slow'], cause: 'unknown', ladder: ['page'] }),
  rule('not-ready', { title: 'Instances are missing', about: 'What is not ready is started again, made anew, then moved.', signals: ['down', 'degraded'], cause: 'unknown', ladder: ['restart', 'recreate', 'move', 'page'] }),
  rule('flapping', { title: 'It falls again and again', about: 'Starting it again has not helped: a person looks.', signals: ['flapping'], cause: 'unknown', ladder: ['page'] }),
  rule('disk-filling', { title: 'A disk fills up', about: 'Build caches, slugs that no kept release needs, and unpacked code that nothing runs are removed; never data.', signals: ['disk-filling'], cause: null, ladder: ['prune', 'page'], perTargetPerHour: 2 }),
  rule('machine-lost', { title: 'A machine is away', about: 'What ran there starts on another machine, if there is one.', signals: ['machine-lost'], cause: null, ladder: ['move', 'page'], verifyWithinMs: 5 * 60_000 }),
]

export function ruleFor(signal: SignalKind, cause: CauseKind): Rule {
  const found = rules.find((one) => one.signals.includes(signal) && (one.cause === null || one.cause === cause))
  if (found === undefined) throw new Error(`no rule heals ${signal} by ${cause}`)
  return found
}

/** null or absent: the rule's own. */
export type Tuning = Partial<Record<'verifyWithinMs' | 'perTargetPerHour' | 'perHour', number | null>>

export function tuned(rule: Rule, tuning: Tuning = {}): Rule {
  return { ...rule, verifyWithinMs: tuning.verifyWithinMs ?? rule.verifyWithinMs, perTargetPerHour: tuning.perTargetPerHour ?? rule.perTargetPerHour, perHour: tuning.perHour ?? rule.perHour }
}

export function ruleOf(id: string): Rule | undefined {
  return rules.find((one) => one.id === id)
}

/** Actions of all rules together in an hour. */
export const fleetPerHour = 20
/** Verified so often in an hour, and sick again: it is handed over. */
export const recurrencesPerHour = 3
/** A target is left alone for so long after an action, whatever its outcome. */
export const coolDownMs = 30_000
/** A signal that lasts longer is told, whatever healing does meanwhile. */
export const tellAfterMs = 5 * 60_000
