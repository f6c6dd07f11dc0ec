/** What the API takes and answers about log lines beyond a page of them: counts over time, what stands around one, patterns, keeping. */
import { z } from 'zod'
import { duration, size } from './manifest-units.ts'
import { logLineSchema } from './model.ts'
import { appName, environmentName, instanceName, serviceName } from './names.ts'

const time = z.iso.datetime()

/** Which lines; all of it must fit. */
export const logFilter = {
  /** A search, such as `level>=warn -healthcheck "timed out"`; see docs/logs.md. */
  q: z.string().max(1000).optional(),
  environment: environmentName.optional(),
  app: appName.optional(),
  service: serviceName.optional(),
  instance: instanceName.optional(),
  /** Substring, case-insensitive. */
  text: z.string().max(200).optional(),
  /** This level and what is graver; a line of no known level counts as info. */
  level: z.enum(['debug', 'info', 'warn', 'error']).optional(),
  /** Comma-separated streams; default: those that `q` names, else stdout,stderr,release,run,system. */
  streams: z.string().max(80).optional(),
}

const byLevel = { unknown: z.number().int(), debug: z.number().int(), info: z.number().int(), warn: z.number().int(), error: z.number().int() }

export const logCountsQuery = z.object({ ...logFilter, since: time.optional(), until: time.optional(), /** Steps at most; the shortest round step that needs no more is taken. */ steps: z.coerce.number().int().min(1).max(500).default(60) })
export const logCountsSchema = z.object({
  since: time,
  until: time,
  stepMs: z.number().int(),
  /** Earlier than that was not counted: the time for it was over. Null when all was. */
  partialBefore: time.nullable(),
  /** Steps without lines are left out. */
  counts: z.array(z.object({ at: time, ...byLevel })),
})
export type LogCounts = z.infer<typeof logCountsSchema>

export const logContextQuery = z.object({
  cursor: z.string().max(60),
  /** Lines of the same instance, service, or app. */
  same: z.enum(['instance', 'service', 'app']).default('service'),
  /** Before it, and after it. */
  lines: z.coerce.number().int().min(1).max(500).default(50),
})
export const logContextSchema = z.object({ lines: z.array(logLineSchema), /** Whether there is more before, and after. */ before: z.boolean(), after: z.boolean() })

export const logPatternsQuery = z.object({
  ...logFilter,
  since: time.optional(),
  until: time.optional(),
  /** Only patterns of this release and later ones that no earlier release wrote: `v12`. */
  newSince: z.string().regex(/^v?\d{1,9}$/, 'must be a release, such as v12').optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
})
export const logPatternSchema = z.object({
  /** What the lines have in common; `<*>` and the like stand for what differs. */
  pattern: z.string(),
  count: z.number().int(),
  levels: z.object(byLevel),
  firstAt: time,
  lastAt: time,
  /** Lines in each of 30 equal parts of the time looked through. */
  spread: z.array(z.number().int()),
  /** The newest of them. */
  sample: logLineSchema,
})
export type LogPattern = z.infer<typeof logPatternSchema>
export const logPatternsSchema = z.object({
  patterns: z.array(logPatternSchema),
  since: time,
  until: time,
  /** Lines that were grouped, and with `newSince` those of earlier releases that they were compared with. */
  lines: z.number().int(),
  compared: z.number().int(),
  /** Not all lines were looked through: the time or the number of patterns was used up. */
  partial: z.boolean(),
})

export const logKeepingBody = z.object({ /** null: as the manifest says */ keep: duration.nullable().optional(), size: size.nullable().optional() })
export const logKeepingSchema = z.object({
  /** In force, and who says so. */
  keep: z.object({ ms: z.number(), from: z.enum(['setting', 'manifest', 'default']) }),
  size: z.object({ bytes: z.number(), from: z.enum(['setting', 'manifest', 'default']) }),
  /** Stored now. */
  held: z.object({ bytes: z.number(), lines: z.number(), oldestAt: time.nullable() }),
})
export type LogKeeping = z.infer<typeof logKeepingSchema>
