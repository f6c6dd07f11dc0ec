/** What the API takes and answers about forwards: where samples of metrics are sent on to. */
import { z } from 'zod'
import { caPem, sendingFields, sentHeaders } from './drains.ts'

const time = z.iso.datetime()
const labelName = z.string().regex(/^(?!__)[a-zA-Z_][a-zA-Z0-9_]{0,99}$/, 'must be the name of a label, such as cluster, and not begin with __')

export const newForwardSchema = z.object({
  /** Of a receiver of Prometheus remote write; without a path, /api/v1/write is meant. */
  url: z.string().min(1).max(2000),
  headers: sentHeaders.optional(),
  caPem: caPem.optional(),
  /** Added to every series that has none of this name, such as cluster=eu. */
  labels: z.record(labelName, z.string().min(1).max(200)).refine((labels) => Object.keys(labels).length <= 10, 'may be 10 at most').default({}),
})
export type NewForward = z.infer<typeof newForwardSchema>

export const forwardSchema = z.object({
  id: z.string(),
  /** Without what may be secret in it. */
  url: z.string(),
  labels: z.record(z.string(), z.string()),
  /** Samples up to this time are sent, or given up; after a restart it goes on from here. */
  position: time,
  ...sendingFields,
})
export type Forward = z.infer<typeof forwardSchema>
