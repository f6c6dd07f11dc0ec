/** What the API takes and answers about drains: where log lines are sent on to. */
import { z } from 'zod'
import { appName } from './names.ts'

export const drainKinds = ['syslog', 'http', 'otlp', 'loki'] as const
export type DrainKindName = (typeof drainKinds)[number]

const time = z.iso.datetime()
const headerName = z.string().regex(/^[A-Za-z0-9-]{1,60}$/, 'must be the name of a header, such as Authorization')
const headerValue = z.string().min(1).max(4000).regex(/^[\x20-\x7e]+$/, 'must be printable ASCII')

/** Sent with every request, such as Authorization; kept sealed, never shown. */
export const sentHeaders = z.record(headerName, headerValue).refine((headers) => Object.keys(headers).length <= 20, 'may be 20 at most')
/** PEM: certificates of the server are believed when this authority signed them. */
export const caPem = z.string().max(64 * 1024)

export const newDrainSchema = z.object({
  /** null: the lines of every app (needs admin). */
  app: appName.nullable(),
  url: z.string().min(1).max(2000),
  headers: sentHeaders.optional(),
  caPem: caPem.optional(),
})
export type NewDrain = z.infer<typeof newDrainSchema>

/** Of what sends on, lines or samples. */
export const sendingFields = {
  /** sending: it is up to date, or on the way there · failing: it does not take any; they wait in the store, and are tried again at `retryAt` */
  state: z.enum(['sending', 'failing']),
  /** Since it was added. */
  sent: z.number().int(),
  /** Given up: refused by the receiver, or older than a day when it took some again. */
  dropped: z.number().int(),
  lastSentAt: time.nullable(),
  failingSince: time.nullable(),
  retryAt: time.nullable(),
  lastError: z.string().nullable(),
  createdAt: time,
  createdBy: z.string(),
}

export const drainSchema = z.object({
  id: z.string(),
  app: z.string().nullable(),
  kind: z.enum(drainKinds),
  /** Without what may be secret in it. */
  url: z.string(),
  ...sendingFields,
})
export type Drain = z.infer<typeof drainSchema>

export const drainTestSchema = z.object({ ok: z.boolean(), /** What came of it, in words. */ because: z.string(), tookMs: z.number() })
