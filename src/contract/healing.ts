/** What the API answers about healing: signals, causes, remediations with their ladder, rules, alerts, and why a service is as it is. */
import { z } from 'zod'
import { eventSchema, logLineSchema, trafficPointSchema } from './model.ts'

const time = z.iso.datetime()

/**
 * down: wanted, and no instance ready · degraded: some missing · crash-loop: an instance is held · flapping: it is ready again each time, and
 * falls again · failing: it answers, with errors · slow: it answers far later than it usually does · alerting: a check or a rule of people
 * says so · outlier: one instance is taken out of rotation again and again · disk-filling, machine-lost: of a machine
 */
export const signalKinds = ['down', 'degraded', 'crash-loop', 'flapping', 'failing', 'slow', 'alerting', 'outlier', 'disk-filling', 'machine-lost'] as const
export type SignalKind = (typeof signalKinds)[number]

/** dependency: what it needs is sick · machine: its machine is · change: the newest change came just before · memory: it uses more than it may · unknown */
export const causeKinds = ['dependency', 'machine', 'change', 'memory', 'unknown'] as const
export type CauseKind = (typeof causeKinds)[number]

/** Rungs of the ladder, mildest first. wait: what it needs is healed first · page: a person is told. */
export const rungs = ['wait', 'restart', 'recreate', 'move', 'prune', 'revert', 'page'] as const
export type Rung = (typeof rungs)[number]

/** off: nothing is done · suggest: a person approves each action · auto */
export const healModes = ['off', 'suggest', 'auto'] as const
export type HealMode = (typeof healModes)[number]

/**
 * waiting: noticed, and waits for something it names · suggested: waits for approval · verifying: acted, and watches whether it helped.
 * Ends: verified: an action helped · recovered: it went by itself · handed-over: a person must look · dismissed: a person took it.
 */
export const remediationStates = ['waiting', 'suggested', 'verifying', 'verified', 'recovered', 'handed-over', 'dismissed'] as const
export type RemediationState = (typeof remediationStates)[number]

export const signalSchema = z.object({ kind: z.enum(signalKinds), because: z.string(), since: time })
export const causeSchema = z.object({
  kind: z.enum(causeKinds),
  because: z.string(),
  /** The service or machine that is sick in truth, when it is another. */
  of: z.string().nullable(),
  /** The change that is suspected, as an event of the journal. */
  event: z.number().int().nullable(),
  /** A suspected release. */
  release: z.number().int().nullable(),
})
export type Cause = z.infer<typeof causeSchema>

export const trySchema = z.object({
  rung: z.enum(rungs),
  /** What was done, to what, in a sentence. */
  did: z.string(),
  at: time,
  /** Who wanted it: `healing`, or who approved it. */
  by: z.string(),
  outcome: z.enum(['verifying', 'verified', 'failed', 'nothing-to-verify']),
  /** Why that outcome. */
  verdict: z.string().nullable(),
  verifyBy: time,
  endedAt: time.nullable(),
})
export type Try = z.infer<typeof trySchema>

export const remediationSchema = z.object({
  id: z.string(),
  rule: z.string(),
  /** `shop/production/web`, or `machine:m1`. */
  target: z.string(),
  app: z.string().nullable(),
  environment: z.string().nullable(),
  service: z.string().nullable(),
  machine: z.string().nullable(),
  signal: signalSchema,
  cause: causeSchema,
  state: z.enum(remediationStates),
  because: z.string(),
  tries: z.array(trySchema),
  /** The action that waits: for approval, or for what `because` says. */
  next: z.enum(rungs).nullable(),
  openedAt: time,
  endedAt: time.nullable(),
})
export type Remediation = z.infer<typeof remediationSchema>

/** With the evidence: what the journal and the logs tell of the time, and what callers saw before, during and after. */
export const remediationDetailSchema = remediationSchema.extend({
  events: z.array(eventSchema),
  lines: z.array(logLineSchema),
  traffic: z.array(trafficPointSchema),
})
export type RemediationDetail = z.infer<typeof remediationDetailSchema>

export const healRuleSchema = z.object({
  id: z.string(),
  title: z.string(),
  about: z.string(),
  signals: z.array(z.enum(signalKinds)),
  cause: z.enum(causeKinds).nullable(),
  ladder: z.array(z.enum(rungs)),
  mode: z.enum(healModes),
  defaultMode: z.enum(healModes),
  /** At most so many actions an hour: on one target, and by this rule in all. */
  perTargetPerHour: z.number().int(),
  perHour: z.number().int(),
  verifyWithinMs: z.number().int(),
  /** An operator set its time or budgets. */
  isTuned: z.boolean(),
  /** Actions of the last hour. */
  usedLastHour: z.number().int(),
})
export type HealRule = z.infer<typeof healRuleSchema>

export const healPauseSchema = z.object({
  id: z.string(),
  /** null: all. */
  app: z.string().nullable(),
  environment: z.string().nullable(),
  service: z.string().nullable(),
  because: z.string(),
  by: z.string(),
  at: time,
  until: time,
})
export type HealPause = z.infer<typeof healPauseSchema>

/** What an operator sets over a rule's own. What is left out stays as it is; null: the rule's own again. */
export const ruleSettingsSchema = z
  .strictObject({
    mode: z.enum(healModes).nullable().optional(),
    verifyWithinMs: z.number().int().min(5_000).max(86_400_000).nullable().optional(),
    perTargetPerHour: z.number().int().min(1).max(20).nullable().optional(),
    perHour: z.number().int().min(1).max(20).nullable().optional(),
  })
  .refine((given) => Object.values(given).some((one) => one !== undefined), 'needs one of mode, verifyWithinMs, perTargetPerHour and perHour')
export type RuleSettings = z.infer<typeof ruleSettingsSchema>

export const healOverviewSchema = z.object({
  rules: z.array(healRuleSchema),
  /** An operator stopped all healing by control; null: it heals. The proxy's and the agent's reflexes go on. */
  stopped: z.object({ by: z.string(), because: z.string(), at: time }).nullable(),
  /** Too much is sick at once: nothing is done to instances; null: closed. */
  breaker: z.string().nullable(),
  /** Where healing is paused now, and until when. */
  pauses: z.array(healPauseSchema),
  actionsLastHour: z.number().int(),
  actionsPerHour: z.number().int(),
})
export type HealOverview = z.infer<typeof healOverviewSchema>

export const alertSchema = z.object({
  id: z.string(),
  target: z.string(),
  app: z.string().nullable(),
  environment: z.string().nullable(),
  service: z.string().nullable(),
  machine: z.string().nullable(),
  severity: z.enum(['critical', 'warning']),
  title: z.string(),
  because: z.string(),
  /** What to do next. */
  wayOut: z.string(),
  remediation: z.string().nullable(),
  raisedAt: time,
  clearedAt: time.nullable(),
})
export type Alert = z.infer<typeof alertSchema>

/** An instance that ended against what is wanted, as the journal tells it. */
export const instanceEndSchema = z.object({
  instance: z.string(),
  endedAt: time,
  /** When it was ready, and with that in rotation; null: not yet, or never. */
  backAt: time.nullable(),
  backAfterMs: z.number().nullable(),
  /** Killed or frozen by somebody else; false: by a fault of its own. */
  fromOutside: z.boolean(),
  /** How it ended, when, and what became of it. */
  sentence: z.string(),
  /** From what that is known. */
  knownFrom: z.string(),
  /** Of the journal, oldest first. */
  events: z.array(z.number().int()),
})
export type InstanceEnd = z.infer<typeof instanceEndSchema>

/** Why a service is as it is, in plain words. */
export const whySchema = z.object({
  app: z.string(),
  environment: z.string(),
  service: z.string(),
  /** One sentence: the present state. */
  sentence: z.string(),
  health: z.string(),
  /** What is being waited for. */
  waiting: z.array(z.string()),
  /** What was tried, newest first. */
  tried: z.array(z.object({ at: time, what: z.string(), outcome: z.string() })),
  /** Instances that ended in the last hour, newest first, at most ten. */
  ends: z.array(instanceEndSchema),
  /** The newest changes, newest first. */
  changes: z.array(eventSchema),
  /** What is said of the instances that are not ready. */
  instances: z.array(z.object({ name: z.string(), state: z.string(), because: z.string() })),
  /** The last lines of an instance that is not ready. */
  lines: z.array(logLineSchema),
  alert: alertSchema.nullable(),
  /** Healing acts on nothing there until it is over. */
  pause: healPauseSchema.nullable(),
  remediation: remediationSchema.nullable(),
  /** What to type next. */
  wayOut: z.array(z.string()),
})
export type Why = z.infer<typeof whySchema>

/** Why an app is as it is: each service in a sentence, and the worst one in full. */
export const appWhySchema = z.object({
  app: z.string(),
  environment: z.string(),
  health: z.string(),
  sentence: z.string(),
  services: z.array(z.object({ name: z.string(), health: z.string(), sentence: z.string() })),
  /** The only service, or the one that most needs a look; null: there is none that does. */
  worst: whySchema.nullable(),
  /** What to type next for the app as a whole. */
  wayOut: z.array(z.string()),
})
export type AppWhy = z.infer<typeof appWhySchema>
