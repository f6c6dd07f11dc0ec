/** What the API answers about the loops of control. */
import { z } from 'zod'

export const loopSchema = z.object({
  name: z.string(),
  /** Of its last turn. */
  startedAt: z.iso.datetime(),
  tookMs: z.number(),
  /** Since control was started. */
  turns: z.number().int(),
  /** What its last turn did, each with its because; at most 50. */
  actions: z.array(z.string()),
  /** What it waits for, each with its because; at most 50. */
  waiting: z.array(z.string()),
  errors: z.array(z.string()),
})
export type LoopView = z.infer<typeof loopSchema>
