/** Metrics as the API asks for them and answers. */
import { z } from 'zod'
import { parseDuration } from '#base/units.ts'

export const metricFns = ['avg', 'min', 'max', 'sum', 'last', 'rate', 'increase', 'p50', 'p90', 'p95', 'p99'] as const
export type MetricFn = (typeof metricFns)[number]

/** What the first lines are the first by: their value at its greatest (of `min`: its least), on average, or now. */
export const metricRanks = ['max', 'mean', 'last'] as const
export type MetricRank = (typeof metricRanks)[number]
export const mostTop = 100

const span = z.string().max(20).refine((text) => canParse(text), 'must be a duration such as 30s, 5m, 1h or 7d')

function canParse(text: string): boolean {
  try {
    return parseDuration(text) > 0
  } catch {
    return false
  }
}

export const metricQuerySchema = z.object({
  /** Of a histogram, for p50 to p99: without `_bucket`. */
  metric: z.string().min(1).max(200),
  fn: z.enum(metricFns).default('avg'),
  /** Conditions on labels: `app=shop,service=web`; `*` stands for any text. */
  where: z.string().max(1000).default(''),
  /** Labels to keep apart, comma-separated; empty: one series for all; left out: each series. */
  by: z.string().max(300).optional(),
  /** Only series on which this label is there and not empty; `where` cannot say that. */
  with: z.string().max(100).optional(),
  /** Only so many lines, the greatest first (of `min` the least); the others are told together. */
  top: z.coerce.number().int().min(1).max(mostTop).optional(),
  rank: z.enum(metricRanks).default('max'),
  since: z.iso.datetime().optional(),
  until: z.iso.datetime().optional(),
  /** Default: what gives about 120 points. */
  step: span.optional(),
  /** Ask of so long before, such as 1d or 7d, and answer as if it were now. */
  offset: span.optional(),
})
/** One point a step: when it begins (milliseconds since 1970), and its value; null where nothing is known. */
export const metricSeriesSchema = z.object({ labels: z.record(z.string(), z.string()), points: z.array(z.tuple([z.number(), z.number().nullable()])) })
export type MetricSeriesView = z.infer<typeof metricSeriesSchema>
/** Lines beyond the top: a step each, between which values they lie, and their sum where series of this fn add up. */
export const metricOthersSchema = z.object({ count: z.number(), points: z.array(z.tuple([z.number(), z.number().nullable(), z.number().nullable(), z.number().nullable()])) })
export const metricAnswerSchema = z.object({ since: z.iso.datetime(), until: z.iso.datetime(), stepMs: z.number(), series: z.array(metricSeriesSchema), others: metricOthersSchema.nullable() })
export type MetricAnswer = z.infer<typeof metricAnswerSchema>
export const metricNameSchema = z.object({ name: z.string(), kind: z.enum(['gauge', 'counter', 'delta']), series: z.number(), labels: z.array(z.string()) })
export type MetricName = z.infer<typeof metricNameSchema>
