/** Checks as the API answers them, and as they travel to agents. */
import { z } from 'zod'
import { type AnyCheckConfig, type CheckKind, checkKindSpecs, checkKinds } from './check-kinds.ts'
import { duration } from './manifest-units.ts'
import { appName, environmentName, serviceName } from './names.ts'
import { timezone } from './schedules.ts'

const time = z.iso.datetime()

/** What one run says. */
export const checkStatuses = ['ok', 'warn', 'err'] as const
export type CheckStatus = (typeof checkStatuses)[number]

/**
 * pending: no result yet, or failing and not often enough · suppressed: failing because what it depends on is down ·
 * maintenance: within a window · unknown: no vantage point has reported for too long
 */
export const checkStates = ['pending', 'up', 'warn', 'down', 'suppressed', 'maintenance', 'paused', 'unknown'] as const
export type CheckState = (typeof checkStates)[number]

export const comparators = ['GT', 'LT', 'GTE', 'LTE', 'EQ', 'NEQ'] as const
export type Comparator = (typeof comparators)[number]

export const metricSchema = z.object({ name: z.string(), value: z.union([z.number(), z.string()]), unit: z.string().optional(), /** counter: it only grows, and is shown as a rate. */ counter: z.boolean().optional() })
export type CheckMetric = z.infer<typeof metricSchema>

export type Outcome = { status: CheckStatus; message: string; durationMs: number; metrics: CheckMetric[] }
export const outcomeSchema = z.object({ status: z.enum(checkStatuses), message: z.string(), durationMs: z.number(), metrics: z.array(metricSchema) })

// ---------------------------------------------------------------- between control and agents

export type PluginRef = { name: string; digest: string; /** HMAC over name and digest with the machines' key. */ signature: string }

/** One check as it is run from one vantage point. Secrets included: log never. */
export type CheckSpec = {
  id: string
  kind: CheckKind
  config: AnyCheckConfig
  everyMs: number
  timeoutMs: number
  criteria: string[]
  /** It may reach public addresses and what `known` names, nothing else. */
  confined: boolean
  /** Addresses of names that only Nightshift knows: services and own hosts. */
  known: Record<string, { host: string; port: number }[]>
  app: string | null
  environment: string | null
  service: string | null
  plugin: PluginRef | null
}

export type CheckResult = Outcome & { check: string; vantage: string; /** when the run began */ at: string }
/** `sentAt`: by the machine's clock, so that one that is wrong does no harm. */
export type CheckBatch = { machine: string; sentAt: string; results: CheckResult[] }

// ---------------------------------------------------------------- the API

export const checkName = z.string().min(1).max(80).regex(/^[^\p{Cc}]*$/u, 'must not hold control characters')
/** `control`: from outside · `near`: the machines that run the service, the app, or else all · `machine:<name>` */
export const vantage = z.union([z.enum(['control', 'near']), z.string().regex(/^machine:[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be control, near or machine:<name>')])
export const criterion = z.string().max(200).regex(/^\s*[^\s]{1,100}\s+(GT|LT|GTE|LTE|EQ|NEQ)\s+\S+(\s+(warn|err))?\s*$/, 'must be like `load1 GT 4 warn`: metric, GT LT GTE LTE EQ or NEQ, value, and warn or err')
const every = duration.refine((text) => text !== '0s', 'must be longer')
export const checkSeverities = ['critical', 'warning'] as const

/** What is common to all kinds, as people write it. */
export const checkCommon = {
  every: every.default('30s').meta({ description: 'Time between two runs, from 1s; of a heartbeat without a schedule, between two pings.' }),
  timeout: duration.optional().meta({ description: 'A run without an answer by then has failed; default: 10s, or less where runs follow faster.' }),
  retries: z.int().min(0).max(20).default(2).meta({ description: 'Failed runs in a row that do not count as down yet.' }),
  from: z.array(vantage).min(1).max(20).optional().meta({ description: 'Vantage points: control (outside), near (the machines that run it) or machine:<name>; default: control, where it can.' }),
  quorum: z.int().min(1).max(100).optional().meta({ description: 'Vantage points that must see it down; default: more than half.' }),
  criteria: z.array(criterion).max(20).default([]).meta({ description: 'What metrics mean, such as `load1 GT 4 warn`.' }),
  severity: z.enum(checkSeverities).default('critical').meta({ description: 'Of the alert when it is down.' }),
}

export const newCheckSchema = z.strictObject({
  name: checkName,
  kind: z.enum(checkKinds),
  config: z.record(z.string(), z.unknown()).default({}),
  ...checkCommon,
  app: appName.optional(),
  environment: environmentName.default('production'),
  service: serviceName.optional(),
  /** Ids of checks whose failure explains this one's. */
  needs: z.array(z.string().max(60)).max(20).default([]),
})
export type NewCheck = z.output<typeof newCheckSchema>
/** Secret fields that are left out stay as they are. */
export const checkChangeSchema = z.strictObject({
  name: checkName.optional(), config: z.record(z.string(), z.unknown()).optional().meta({ description: 'All fields of the kind; secret ones that are left out stay, and null takes one away.' }), every: every.optional(), timeout: duration.nullable().optional(), retries: z.int().min(0).max(20).optional(),
  from: z.array(vantage).min(1).max(20).optional(), quorum: z.int().min(1).max(100).nullable().optional(), criteria: z.array(criterion).max(20).optional(), severity: z.enum(checkSeverities).optional(),
  service: serviceName.nullable().optional(), needs: z.array(z.string().max(60)).max(20).optional(),
})

export const vantageSchema = z.object({ vantage: z.string(), status: z.enum(checkStatuses), message: z.string(), at: time, durationMs: z.number(), /** failed runs in a row */ failures: z.number().int(), metrics: z.array(metricSchema) })

export const checkSchema = z.object({
  id: z.string(), name: z.string(), kind: z.enum(checkKinds),
  /** Without what is secret. */
  config: z.record(z.string(), z.unknown()),
  secrets: z.array(z.string()),
  everyMs: z.number().int(), timeoutMs: z.number().int(), retries: z.number().int(), from: z.array(z.string()), quorum: z.number().int().nullable(), criteria: z.array(z.string()),
  severity: z.enum(checkSeverities),
  app: z.string().nullable(), environment: z.string().nullable(), service: z.string().nullable(),
  needs: z.array(z.string()),
  /** It stands in a manifest, which owns it. */
  declared: z.boolean(),
  /** It may reach only public addresses and what belongs to its app. */
  confined: z.boolean(),
  pausedBy: z.string().nullable(),
  state: z.enum(checkStates), because: z.string(), since: time,
  vantages: z.array(vantageSchema),
  createdAt: time,
})
export type Check = z.infer<typeof checkSchema>

/** One row of the list: worst state of each of 48 half hours (null: not watched), and latency in milliseconds over two hours. */
export const checkRowSchema = checkSchema.extend({ strip: z.array(z.enum(checkStates).nullable()), spark: z.array(z.number().nullable()) })
export type CheckRow = z.infer<typeof checkRowSchema>

export const checkDetailSchema = checkSchema.extend({
  /** Where a heartbeat is told; null for other kinds. */
  ping: z.object({ url: z.string(), slugUrl: z.string().nullable(), pushUrl: z.string() }).nullable(),
  /** When the next ping is due; null for other kinds, and before the first ping. */
  dueAt: time.nullable(),
  needNames: z.array(z.object({ id: z.string(), name: z.string(), state: z.enum(checkStates) })),
  windows: z.array(z.string()),
})
export type CheckDetail = z.infer<typeof checkDetailSchema>

export const checkHistorySchema = z.object({
  segments: z.array(z.object({ state: z.enum(checkStates), because: z.string(), since: time, until: time.nullable() })),
  points: z.array(z.object({ at: time, runs: z.number().int(), failed: z.number().int(), avgMs: z.number(), maxMs: z.number() })),
  /** Runs that were not right, and those that changed something; newest first. */
  results: z.array(z.object({ at: time, vantage: z.string(), status: z.enum(checkStatuses), message: z.string(), durationMs: z.number() })),
  /** Share of the watched time in which it was up, 0 to 1; null: it was not watched. */
  uptime: z.number().nullable(),
})
export type CheckHistory = z.infer<typeof checkHistorySchema>

export const kindViewSchema = z.object({ kind: z.enum(checkKinds), title: z.string(), about: z.string(), main: z.string(), machineOnly: z.boolean(), controlOnly: z.boolean(), schema: z.record(z.string(), z.unknown()) })
export type KindView = z.infer<typeof kindViewSchema>

export const newWindowSchema = z.strictObject({
  title: z.string().min(1).max(120),
  /** Which: ids of checks, or all of these apps. At least one. */
  checks: z.array(z.string().max(60)).max(200).default([]),
  apps: z.array(appName).max(50).default([]),
  from: time,
  until: time,
  repeat: z.enum(['once', 'daily', 'weekly']).default('once'),
  timezone: timezone.default('UTC'),
})
export const windowSchema = z.object({ id: z.string(), title: z.string(), checks: z.array(z.string()), apps: z.array(z.string()), from: time, until: time, repeat: z.enum(['once', 'daily', 'weekly']), timezone: z.string(), active: z.boolean(), by: z.string() })
export type MaintenanceWindow = z.infer<typeof windowSchema>

export const pluginSchema = z.object({ name: z.string(), digest: z.string(), bytes: z.number().int(), addedBy: z.string(), addedAt: time, usedBy: z.number().int() })
export type Plugin = z.infer<typeof pluginSchema>

export const testCheckSchema = newCheckSchema.omit({ retries: true, quorum: true, needs: true, severity: true }).extend({ from: z.array(vantage).length(1).optional(), name: checkName.default('test'), /** Of a check that exists: its secrets are used where none are given. */ check: z.string().max(60).optional() })
export type TestCheck = z.output<typeof testCheckSchema>

/** The forms of all kinds, for those who draw them. */
export function kindViews(machineKinds: readonly CheckKind[], controlKinds: readonly CheckKind[]): KindView[] {
  return checkKinds.map((kind) => {
    const { title, about, main, config } = checkKindSpecs[kind]
    return { kind, title, about, main, machineOnly: machineKinds.includes(kind), controlOnly: controlKinds.includes(kind), schema: z.toJSONSchema(config, { io: 'input' }) as Record<string, unknown> }
  })
}
