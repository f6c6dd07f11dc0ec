/** What the search box finds, and what it takes to find it. */
import { z } from 'zod'
import { healthSchema, logLineSchema } from './model.ts'

export const searchKinds = ['app', 'service', 'machine', 'check', 'alert', 'release', 'event', 'doc'] as const
export type SearchKind = (typeof searchKinds)[number]

const time = z.iso.datetime()

export const searchResultSchema = z.object({
  kind: z.enum(searchKinds),
  title: z.string(),
  /** One line on what it is or how it is. */
  detail: z.string(),
  app: z.string().nullable(),
  environment: z.string().nullable(),
  service: z.string().nullable(),
  /** Names it among its kind: number of a release, id of an event, check or alert, `file.md#heading` of a document. */
  ref: z.string(),
  at: time.nullable(),
  health: healthSchema.nullable(),
  /** Of a document: how the section begins. */
  excerpt: z.string().nullable(),
})
export type SearchResult = z.infer<typeof searchResultSchema>

export const searchQuery = z.object({ q: z.string().trim().min(1).max(200), limit: z.coerce.number().int().min(1).max(100).default(40), /** `false` leaves the log lines out. */ logs: z.stringbool().default(true) })

export const searchSchema = z.object({
  /** Best first, at most eight of a kind. */
  results: z.array(searchResultSchema),
  /** The newest lines that hold the words; `partial`: the search stopped at its time budget. */
  logs: z.object({ lines: z.array(logLineSchema), partial: z.boolean() }),
})
export type SearchAnswer = z.infer<typeof searchSchema>
