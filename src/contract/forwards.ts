/** What the API takes and answers about forwards: where samples of metrics are sent on to. */
import { z } from 'zod'
import { caPem, sentHeaders } from './drains.ts'

const time = z.iso.datetime()
const labelName = z.string().regex(/^(?!__)[a-zA-Z_][a-zA-Z0-9_]{0,99}$/, 'must be the name of a label, such as cluster, and not begin with __')

export const newForwardSchema = z.object({
  /** Of a receiver of Prometheus remote write; without a path, /api/v1/write is meant. */
  url: z.string().min(8).max(2000),
  headers: sentHeaders.optional(),
  caPem: caPem.optional(),
  /** Added to every series that has none of this name, such as cluster=eu. */
  labels: z.record(labelName, z.string().min(1).max(200)).refine((labels) => Object.keys(labels).length <= 10, 'may be 10 at most').default({}),
})
export type NewForward = z.infer<typeof newForwardSchema>

/** sending: it is up to date, or on the way there · failing: it does not take samples; they wait in the store, and are tried again at `retryAt` */
export const forwardSchema = z.object({
  id: z.string(),
  /** Without what may be secret in it. */
  url: z.string(),
  labels: z.record(z.string(), z.string()),
  state: z.enum(['sending', 'failing']),
  /** Samples up to this time are sent, or given up; after a restart it goes on from here. */
  position: time,
  /** Samples, since it was added. */
  sent: z.number().int(),
  /** Samples that were given up: refused by the receiver, or older than a day when it took samples again. */
  dropped: z.number().int(),
  lastSentAt: time.nullable(),
  failingSince: time.nullable(),
  retryAt: time.nullable(),
  lastError: z.string().nullable(),
  createdAt: time,
  createdBy: z.string(),
})
export type Forward = z.infer<typeof forwardSchema>
