/** What the API answers with: one schema a noun. Times are ISO 8601 in UTC, sizes are bytes, durations are milliseconds. */
import { z } from 'zod'
import { eventKinds } from './events.ts'
import { manifestSchema } from './manifest.ts'
import { instanceKinds, instanceStates, logStreams } from './wire.ts'

const time = z.iso.datetime()

export const actorSchema = z.object({
  kind: z.enum(['token', 'session', 'loop', 'agent', 'system']),
  name: z.string(),
})
export type Actor = z.infer<typeof actorSchema>

export const eventSchema = z.object({
  id: z.number().int(),
  at: time,
  kind: z.enum(eventKinds),
  actor: actorSchema,
  app: z.string().nullable(),
  environment: z.string().nullable(),
  service: z.string().nullable(),
  instance: z.string().nullable(),
  machine: z.string().nullable(),
  release: z.number().int().nullable(),
  /** The event it follows from. */
  cause: z.number().int().nullable(),
  /** One sentence for a person. */
  summary: z.string(),
  data: z.record(z.string(), z.unknown()),
})
export type JournalEvent = z.infer<typeof eventSchema>

/** healthy: all wanted instances ready · working: a change is under way · degraded: some missing · down: none ready · stopped: nothing wanted · empty: never deployed */
export const healthStates = ['healthy', 'working', 'degraded', 'down', 'stopped', 'empty'] as const
export const healthSchema = z.enum(healthStates)

export const instanceSchema = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.enum(instanceKinds),
  service: z.string(),
  release: z.number().int(),
  machine: z.string(),
  state: z.enum(instanceStates),
  because: z.string(),
  restarts: z.number().int(),
  pid: z.number().int().nullable(),
  address: z.string().nullable(),
  startedAt: time.nullable(),
  readyAt: time.nullable(),
  retryAt: time.nullable(),
  lastExit: z.object({ code: z.number().nullable(), signal: z.string().nullable(), oom: z.boolean(), at: time }).nullable(),
  /** Newest sample, null until there is one. cpu 1 = one core. */
  cpu: z.number().nullable(),
  memoryBytes: z.number().nullable(),
  memoryLimitBytes: z.number().nullable(),
})
export type Instance = z.infer<typeof instanceSchema>

export const serviceSummarySchema = z.object({
  name: z.string(),
  health: healthSchema,
  protocol: z.string(),
  wanted: z.number().int(),
  ready: z.number().int(),
  /** What it should be by the manifest, when an operator's setting differs. */
  manifestScale: z.number().int(),
  urls: z.array(z.string()),
  needs: z.array(z.string()),
  volumes: z.array(z.string()),
  command: z.string().nullable(),
  because: z.string(),
  instances: z.array(instanceSchema),
})
export type ServiceSummary = z.infer<typeof serviceSummarySchema>

export const appSummarySchema = z.object({
  name: z.string(),
  environment: z.string(),
  health: healthSchema,
  /** One sentence: why it is in this state. */
  because: z.string(),
  release: z.number().int().nullable(),
  url: z.string().nullable(),
  createdAt: time,
  deployedAt: time.nullable(),
  services: z.array(z.object({ name: z.string(), health: healthSchema, wanted: z.number().int(), ready: z.number().int() })),
  /** Requests per second and the share of failed ones in the last minute. */
  requestRate: z.number(),
  errorShare: z.number(),
})
export type AppSummary = z.infer<typeof appSummarySchema>

export const rolloutStates = ['pending', 'releasing', 'starting', 'finished', 'failed', 'cancelled'] as const
export const rolloutSchema = z.object({
  id: z.string(),
  release: z.number().int(),
  fromRelease: z.number().int().nullable(),
  state: z.enum(rolloutStates),
  because: z.string(),
  startedAt: time,
  finishedAt: time.nullable(),
  /** released → started → healthy → shifted → done, each when it was reached. */
  steps: z.array(z.object({ name: z.string(), at: time, detail: z.string() })),
})
export type Rollout = z.infer<typeof rolloutSchema>

export const bakeStates = ['baking', 'passed', 'condemned', 'accepted', 'superseded'] as const
/** The watch over a release after the switch: it is compared with the one before, and rolled back when it is worse. */
export const bakeSchema = z.object({
  release: z.number().int(),
  fromRelease: z.number().int(),
  state: z.enum(bakeStates),
  because: z.string(),
  startedAt: time,
  until: time,
  endedAt: time.nullable(),
  /** The release that brought the one before back. */
  rolledBackTo: z.number().int().nullable(),
})
export type Bake = z.infer<typeof bakeSchema>

export const appDetailSchema = appSummarySchema.extend({
  environments: z.array(z.string()),
  services: z.array(serviceSummarySchema),
  rollout: rolloutSchema.nullable(),
  settings: z.object({ stopped: z.boolean(), allowForcePush: z.boolean(), deployBranch: z.string(), /** Of this environment; queries name them. */ tags: z.array(z.string()) }),
  volumes: z.array(z.object({ name: z.string(), machine: z.string(), services: z.array(z.string()), orphan: z.boolean(), createdAt: time })),
  gitUrl: z.string(),
})
export type AppDetail = z.infer<typeof appDetailSchema>

export const buildStates = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const
export const buildSchema = z.object({
  id: z.string(),
  app: z.string(),
  environment: z.string(),
  state: z.enum(buildStates),
  /** directory: an upload · git: a push · image: a ready one, nothing is built */
  source: z.object({ kind: z.enum(['directory', 'git', 'image']), commit: z.string().nullable(), branch: z.string().nullable(), image: z.string().nullable() }),
  builder: z.string().nullable(),
  because: z.string(),
  /** Set once it made a release. */
  release: z.number().int().nullable(),
  sizeBytes: z.number().nullable(),
  queuedAt: time,
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
  by: z.string(),
})
export type Build = z.infer<typeof buildSchema>

/** condemned: it took the traffic, was worse than the one before, and was taken back */
export const releaseStates = ['created', 'rolling', 'active', 'superseded', 'condemned', 'failed'] as const
export const releaseSchema = z.object({
  number: z.number().int(),
  state: z.enum(releaseStates),
  /** deploy · config · rollback · … in a sentence */
  description: z.string(),
  because: z.string(),
  artifact: z.string(),
  commit: z.string().nullable(),
  buildId: z.string().nullable(),
  config: z.record(z.string(), z.string()),
  /** Names; values are never answered. */
  secrets: z.array(z.string()),
  createdAt: time,
  by: z.string(),
  manifest: z.unknown(),
})
export type Release = z.infer<typeof releaseSchema>

export const routeSchema = z.object({ id: z.string(), host: z.string(), path: z.string(), service: z.string(), url: z.string(), source: z.enum(['default', 'manifest', 'operator']), tls: z.boolean() })
export type RouteView = z.infer<typeof routeSchema>

export const logLineSchema = z.object({
  /** Sortable position; opaque, pass it back as `after` or `before`. */
  cursor: z.string(),
  at: time,
  app: z.string(),
  environment: z.string(),
  service: z.string(),
  instance: z.string(),
  release: z.number().int().nullable(),
  stream: z.enum(logStreams),
  level: z.enum(['debug', 'info', 'warn', 'error', 'unknown']),
  text: z.string(),
  /** Of a line in JSON or of `key=value` pairs: what it says, its fields by dotted name, and its trace id. */
  message: z.string().optional(),
  fields: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
  trace: z.string().optional(),
})
export type LogLine = z.infer<typeof logLineSchema>

export const trafficPointSchema = z.object({
  at: time,
  requests: z.number(),
  errors: z.number(),
  p50Ms: z.number().nullable(),
  p99Ms: z.number().nullable(),
})
export const trafficSeriesSchema = z.object({
  key: z.string(),
  app: z.string(),
  environment: z.string(),
  service: z.string(),
  from: z.string().nullable(),
  /** Over the whole window. */
  requestRate: z.number(),
  errorShare: z.number(),
  /** Answered with a kept copy in place of the app. */
  staleShare: z.number(),
  p50Ms: z.number().nullable(),
  p95Ms: z.number().nullable(),
  p99Ms: z.number().nullable(),
  points: z.array(trafficPointSchema),
})
export type TrafficSeries = z.infer<typeof trafficSeriesSchema>

export const resourceSeriesSchema = z.object({
  instance: z.string(),
  name: z.string(),
  service: z.string(),
  points: z.array(z.object({ at: time, cpu: z.number(), memoryBytes: z.number() })),
})
export type ResourceSeries = z.infer<typeof resourceSeriesSchema>

export const machineSchema = z.object({
  name: z.string(),
  state: z.enum(['connected', 'lost']),
  driver: z.string(),
  version: z.string(),
  os: z.string(),
  cpus: z.number(),
  memoryBytes: z.number(),
  limits: z.array(z.string()),
  lastSeenAt: time,
  instances: z.number().int(),
  /** What queries name it by. */
  tags: z.array(z.string()),
})
export type Machine = z.infer<typeof machineSchema>

const mapPlace = { app: z.string(), environment: z.string() }
export const mapSchema = z.object({
  /** The moment that is shown; `live`: it is now. */
  at: time,
  live: z.boolean(),
  /** What is not known of that moment, each as a sentence. */
  missing: z.array(z.string()),
  services: z.array(z.object({ ...mapPlace, service: z.string(), health: healthSchema, protocol: z.string(), release: z.number().int().nullable(), wanted: z.number(), ready: z.number(), instances: z.array(z.object({ id: z.string(), name: z.string(), state: z.enum(instanceStates), machine: z.string() })) })),
  /** Who calls whom: `declared` as a need or a route, `observed` in the last minute's traffic, `traced` by spans of the last quarter of an hour. */
  edges: z.array(z.object({
    id: z.string(), ...mapPlace,
    /** Of another app than the called one; null: of the same. */
    fromApp: z.string().nullable(), fromEnvironment: z.string().nullable(),
    /** Null: the ingress. */
    from: z.string().nullable(), to: z.string(), protocol: z.string(),
    declared: z.boolean(), observed: z.boolean(), traced: z.boolean(),
    requestRate: z.number(), errorShare: z.number(), p95Ms: z.number().nullable(), p99Ms: z.number().nullable(),
  })),
  /** What changed and what broke in the quarter of an hour before. */
  marks: z.array(z.object({ at: time, kind: z.enum(['change', 'fault', 'healed', 'held']), event: z.number().int(), app: z.string().nullable(), environment: z.string().nullable(), service: z.string().nullable(), summary: z.string() })),
  /** What a person had to know at that moment. */
  alerts: z.array(z.object({ id: z.string(), app: z.string().nullable(), environment: z.string().nullable(), service: z.string().nullable(), title: z.string(), raisedAt: time })),
  machines: z.array(machineSchema),
})
export type MapView = z.infer<typeof mapSchema>

export const tokenSchema = z.object({ id: z.string(), name: z.string(), scope: z.enum(['admin', 'deploy', 'read']), apps: z.array(z.string()).nullable(), createdAt: time, lastUsedAt: time.nullable(), expiresAt: time.nullable() })
export type Token = z.infer<typeof tokenSchema>

/** The home page: one sentence, the last 24 hours, what needs a person. */
export const tonightSchema = z.object({
  sentence: z.string(),
  quiet: z.boolean(),
  /** `alert`: the open alert that it is, if it is one. */
  needsPerson: z.array(z.object({ app: z.string(), environment: z.string(), service: z.string().nullable(), what: z.string(), since: time, wayOut: z.string(), alert: z.string().nullable() })),
  marks: z.array(z.object({ at: time, kind: z.enum(['change', 'fault', 'healed', 'held']), event: z.number().int(), app: z.string().nullable(), summary: z.string() })),
  apps: z.array(appSummarySchema.extend({ sparkline: z.array(z.number()) })),
})
export type Tonight = z.infer<typeof tonightSchema>

export const manifestView = z.object({
  /** Where it came from: nightshift.yml, Procfile, package.json … */
  source: z.string(),
  manifest: manifestSchema,
  /** Operator settings that differ from the manifest. */
  drift: z.array(z.object({ path: z.string(), manifest: z.string(), actual: z.string() })),
})
