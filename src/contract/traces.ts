/** What the API tells about traces. Times are ISO 8601 in UTC with microseconds where they are known, durations milliseconds. */
import { z } from 'zod'
import { appName, environmentName, serviceName } from './names.ts'
import { logLineSchema } from './model.ts'

export const spanKinds = ['internal', 'server', 'client', 'producer', 'consumer'] as const
export const spanStatuses = ['unset', 'ok', 'error'] as const
/** Why a trace was kept; where several hold, the first. */
export const keptReasons = ['error', 'slow', 'sampled'] as const
export type KeptReason = (typeof keptReasons)[number]

export const traceId = z.string().regex(/^[0-9a-f]{32}$/, 'a trace id is 32 digits of lower-case hex')
const attributes = z.record(z.string(), z.unknown())

export const spanSchema = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentId: z.string().nullable(),
  app: z.string(),
  environment: z.string(),
  /** That did the work; for a span of the proxy, the service that was asked. */
  service: z.string(),
  instance: z.string().nullable(),
  name: z.string(),
  kind: z.enum(spanKinds),
  status: z.enum(spanStatuses),
  /** Seen by the proxy, at the ingress or an edge; otherwise told by the app. */
  byProxy: z.boolean(),
  /** Milliseconds since 1970, with fractions. */
  atMs: z.number(),
  durationMs: z.number(),
  attributes,
  events: z.array(z.object({ atMs: z.number(), name: z.string(), attributes })),
})
export type Span = z.infer<typeof spanSchema>

export const traceSummarySchema = z.object({
  traceId: z.string(),
  app: z.string(),
  environment: z.string(),
  service: z.string(),
  operation: z.string(),
  at: z.iso.datetime(),
  durationMs: z.number(),
  spans: z.number().int(),
  errors: z.number().int(),
  services: z.array(z.string()),
  because: z.enum(keptReasons),
})
export type TraceSummary = z.infer<typeof traceSummarySchema>

export const tracesQuery = z.object({
  app: appName.optional(),
  environment: environmentName.optional(),
  service: serviceName.optional(),
  /** Part of the name of the first span, without regard to case. */
  operation: z.string().max(200).optional(),
  minMs: z.coerce.number().min(0).max(86_400_000).optional(),
  errors: z.stringbool().optional(),
  since: z.iso.datetime().optional(),
  until: z.iso.datetime().optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
})
export type TracesQuery = z.infer<typeof tracesQuery>

export const traceListSchema = z.object({
  /** Newest first. */
  traces: z.array(traceSummarySchema),
  /** Over all that fit, not only those listed: one bar more than there are bounds. */
  durations: z.array(z.object({ traces: z.number().int(), errors: z.number().int() })),
  /** Since control started: spans that came, and those that were not kept, with why. */
  sampling: z.object({ received: z.number().int(), stored: z.number().int(), dropped: z.record(z.string(), z.number().int()) }),
})
export type TraceList = z.infer<typeof traceListSchema>

export const traceSchema = z.object({
  traceId: z.string(),
  /** By their beginning, at most two thousand. */
  spans: z.array(spanSchema),
  /** There are more spans than are told. */
  partial: z.boolean(),
  /** Lines that hold the trace's id, oldest first. */
  lines: z.array(logLineSchema),
})
export type Trace = z.infer<typeof traceSchema>
