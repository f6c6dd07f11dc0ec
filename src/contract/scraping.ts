/** What an agent reads of apps' own `/metrics`, and what they send it by StatsD, on its way to control. */
import { z } from 'zod'

export const scrapeBounds = { bytes: 4 * 1024 * 1024, samples: 5_000, timeoutMs: 5_000 } as const

const sample = z.tuple([z.string().max(200), z.record(z.string().max(200), z.string()), z.enum(['gauge', 'counter', 'delta']), z.number()])
export const scrapeBatchSchema = z.object({
  /** Read from the instance, or sent by it. */
  source: z.enum(['scrape', 'statsd']).default('scrape'),
  machine: z.string().max(200),
  at: z.iso.datetime(),
  app: z.string().max(200),
  environment: z.string().max(200),
  service: z.string().max(200),
  instance: z.string().max(200),
  /** False: nothing could be read. */
  up: z.boolean(),
  tookMs: z.number().min(0),
  /** Samples beyond the bound, which were left out, and lines that could not be read. */
  beyond: z.int().min(0),
  bad: z.int().min(0),
  /** name, labels, kind, value */
  samples: z.array(sample).max(scrapeBounds.samples),
})
export type ScrapeBatch = z.input<typeof scrapeBatchSchema>
export type ScrapeSample = ScrapeBatch['samples'][number]
