/** Alert rules and SLOs as the API takes and answers them. Durations are milliseconds. */
import { z } from 'zod'
import { metricFns } from './metrics.ts'
import { selectorText } from './names.ts'

const time = z.iso.datetime()
const words = (max: number) => z.string().min(1).max(max).regex(/^[^\0]*$/, 'must not hold a NUL character')

/** Of a manifest with its app and, but for production, its environment: `shop.queue`, `shop.staging.queue`. */
export const ruleRef = z.string().regex(/^[a-z][a-z0-9-]{0,59}(\.[a-z][a-z0-9-]{0,59}){0,2}$/, 'must be the id of a rule, such as http-errors or shop.queue').meta({ title: 'rule' })
const metricName = z.string().regex(/^[a-zA-Z_:][a-zA-Z0-9_:]{0,199}$/, 'must be the name of a metric, such as nightshift_http_requests_total')
const labelName = z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]{0,99}$/, 'must be the name of a label, such as service')
const labelValue = z.string().max(200)

export const comparators = ['>', '>=', '<', '<=', '==', '!='] as const
export type Comparator = (typeof comparators)[number]

/** One number a series: `fn` over the last `windowMs` of the rule. */
export const measureSchema = z.strictObject({
  metric: metricName,
  /** With the metric nightshift_log_lines_total: the search that finds the lines, such as `level>=error "timed out"`; '': every line. */
  logs: z.string().max(1000).optional(),
  /** A list: any of these values. */
  where: z.record(labelName, z.union([labelValue, z.array(labelValue).min(1).max(50)])).refine((where) => Object.keys(where).length <= 20, 'holds more than 20 labels').default({}),
  fn: z.enum(metricFns).default('avg'),
  /** Series with the same values of these labels are one. */
  by: z.array(labelName).max(10).optional(),
})
export type Measure = z.infer<typeof measureSchema>

const number = z.number().refine(Number.isFinite, 'must be finite')
const upTo = (ms: number) => z.number().int().min(0).max(ms)
const hour = 3_600_000
const day = 24 * hour

/**
 * threshold: the value itself · absence: no value at all · change: the value against that of `overMs` before, in its unit or in percent ·
 * unusual: far from what it was at this hour of other days · forecast: the line through the last `fromMs` reaches `value` within `withinMs`
 */
export const conditionSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('threshold'), is: z.enum(comparators), value: number }),
  z.strictObject({ kind: z.literal('absence') }),
  z.strictObject({ kind: z.literal('change'), overMs: z.number().int().min(60_000).max(30 * day), is: z.enum(comparators), value: number, unit: z.enum(['absolute', 'percent']).default('absolute') }),
  z.strictObject({ kind: z.literal('unusual'), days: z.array(z.number().int().min(1).max(28)).min(2).max(14).default([1, 2, 3, 4, 5, 6, 7]), side: z.enum(['above', 'below', 'both']).default('both'), factor: z.number().min(1).max(100).default(5) }),
  z.strictObject({ kind: z.literal('forecast'), fromMs: z.number().int().min(10 * 60_000).max(7 * day).default(6 * hour), withinMs: z.number().int().min(60_000).max(30 * day), is: z.enum(comparators), value: number }),
])
export type Condition = z.infer<typeof conditionSchema>

export const ruleSpecSchema = z.strictObject({
  title: words(100),
  measure: measureSchema,
  /** The value is divided by this one: errors by requests. */
  per: measureSchema.nullable().default(null),
  /** Silent while what it is divided by is less: little traffic says nothing. */
  perAtLeast: number.nullable().default(null),
  windowMs: z.number().int().min(60_000).max(day).default(300_000),
  /** Only series of what this query matches; null: of everything. */
  scope: selectorText.nullable().default(null),
  condition: conditionSchema,
  /** The condition must hold for so long. */
  forMs: upTo(7 * day).default(0),
  /** It goes on firing for so long after the condition held last. */
  keepFiringMs: upTo(7 * day).default(0),
  severity: z.enum(['critical', 'warning']).default('warning'),
  /** `{value}`, `{threshold}` and the labels in braces are filled in. */
  summary: words(300),
  wayOut: words(200).nullable().default(null),
  /** The file that it was imported from, which is where it is changed for good; null: here. */
  source: words(100).nullable().default(null),
})
export type RuleSpec = z.infer<typeof ruleSpecSchema>

export const ruleModes = ['on', 'off'] as const
/** `forMs`: off for so long, and then on again by itself. */
export const ruleModeSchema = z.object({ mode: z.enum(ruleModes), forMs: upTo(90 * day).min(60_000).optional() })

export const ruleSeriesSchema = z.object({
  /** `app=shop,service=web`; empty for the one series of a rule without labels. */
  series: z.string(),
  labels: z.record(z.string(), z.string()),
  state: z.enum(['pending', 'firing']),
  since: time,
  firingSince: time.nullable(),
  value: z.number().nullable(),
  because: z.string(),
})

export const ruleSchema = ruleSpecSchema.extend({
  id: z.string(),
  /** Comes with Nightshift, was made by people, or stands in the manifest of an app, where it is changed. */
  origin: z.enum(['default', 'own', 'manifest']),
  /** Made by people, in place of the one with this id that comes with Nightshift. */
  replaces: z.boolean(),
  mode: z.enum(ruleModes),
  /** Then it is on again; null: it is on, or off for good. */
  offUntil: time.nullable(),
  /** The condition in words. */
  about: z.string(),
  states: z.array(ruleSeriesSchema),
})
export type Rule = z.infer<typeof ruleSchema>

/** What a rule would have done: its values, one a series and step, and when it would have fired. */
export const ruleTrialSchema = z.object({
  since: time,
  until: time,
  stepMs: z.number(),
  /** Drawn as a line; null where the condition has none. What is usual, from and to, differs from point to point. */
  threshold: z.number().nullable(),
  series: z.array(z.object({ series: z.string(), labels: z.record(z.string(), z.string()), points: z.array(z.tuple([z.number(), z.number().nullable()])), usual: z.array(z.tuple([z.number(), z.number()]).nullable()).nullable(), fired: z.array(z.object({ from: time, to: time.nullable(), because: z.string() })) })),
  /** More series than are shown. */
  more: z.number().int(),
})
export type RuleTrial = z.infer<typeof ruleTrialSchema>

export const ruleImportSchema = z.object({
  /** `about`: the condition in words. `replaces`: there is a rule with this id, in whose place it is put. */
  rules: z.array(z.object({ id: z.string(), name: z.string(), about: z.string(), replaces: z.boolean(), spec: ruleSpecSchema })),
  /** Those that could not be taken over, each with the reason. */
  skipped: z.array(z.object({ name: z.string(), because: z.string() })),
  saved: z.boolean(),
})
export type RuleImport = z.infer<typeof ruleImportSchema>

// ---- SLOs

export const sloSpecSchema = z
  .strictObject({
    /** 0.999: of a thousand requests one may fail. */
    availability: z.number().min(0.5).max(0.99999).optional(),
    /** 99 of 100 answers come within this time. */
    p99Ms: z.number().int().min(1).max(30_000).optional(),
    windowMs: z.number().int().min(7 * day).max(90 * day).default(30 * day),
    /** Without, it is counted as ever and alerts nobody. */
    alerts: z.boolean().default(true),
  })
  .refine((one) => one.availability !== undefined || one.p99Ms !== undefined, 'must name availability or p99Ms')
export type SloSpec = z.infer<typeof sloSpecSchema>

export const burnWindows = ['5m', '30m', '1h', '6h', '3d'] as const

export const objectiveSchema = z.object({
  kind: z.enum(['availability', 'latency']),
  /** The share that must be good. */
  target: z.number(),
  /** Of latency: slower answers are bad. */
  thresholdMs: z.number().nullable(),
  /** Since when it is counted; alerts that look further back are silent until then. */
  since: time,
  /** Requests of the window, and those of them that were bad. */
  total: z.number(),
  bad: z.number(),
  /** 1: nothing of the error budget is used; 0 and below: it is gone. */
  budgetLeft: z.number(),
  /** How fast the budget is used in each window: 1 uses it up exactly by the end of the whole one. */
  burn: z.record(z.enum(burnWindows), z.number()),
  /** At the pace of the last hour; null: it lasts. */
  exhaustedInMs: z.number().nullable(),
  firing: z.enum(['critical', 'warning']).nullable(),
  /** What was left of the budget, over the window. */
  points: z.array(z.tuple([z.number(), z.number()])),
})
export type Objective = z.infer<typeof objectiveSchema>

export const sloSchema = z.object({
  app: z.string(),
  environment: z.string(),
  /** null: of the app as a whole, as callers from outside see it. */
  service: z.string().nullable(),
  /** own: set by people, over the manifest's. */
  origin: z.enum(['manifest', 'own']),
  /** The manifest has one of this place; an own one stands over it. */
  declared: z.boolean(),
  alerts: z.boolean(),
  windowMs: z.number(),
  objectives: z.array(objectiveSchema),
})
export type Slo = z.infer<typeof sloSchema>

/** What an SLO would have said of the last day: how fast the budget burned, and when it would have alerted. */
export const sloTrialSchema = z.object({
  since: time,
  until: time,
  stepMs: z.number(),
  /** Burned so fast for an hour, it is critical. */
  criticalAt: z.number(),
  objectives: z.array(
    z.object({
      ...objectiveSchema.pick({ kind: true, target: true, thresholdMs: true, total: true, bad: true }).shape,
      /** How long the whole budget would last at the pace of that day; null: to the end of the window. */
      lastsMs: z.number().nullable(),
      /** The burn rate of the hour before. */
      points: z.array(z.tuple([z.number(), z.number()])),
      fired: z.array(z.object({ from: time, to: time.nullable(), severity: z.enum(['critical', 'warning']), because: z.string() })),
    }),
  ),
})
export type SloTrial = z.infer<typeof sloTrialSchema>
