import type { Drain, DrainKindName } from '#contract/drains.ts'

export type DrainRow = {
  id: string
  app: string | null
  kind: DrainKindName
  shown: string
  sealed: Buffer
  any_address: boolean
  created_at: Date
  created_by: string
  cursor: string
  sent: number
  dropped: number
  untold: number
  told_at: Date | null
  last_sent_at: Date | null
  failures: number
  failing_since: Date | null
  failing_told: boolean
  retry_at: Date | null
  last_error: string | null
}

/** Where the sealed target of a drain belongs: it opens nowhere else. */
export const targetPlace = (id: string): string => `drain:${id}`

export function drainView(row: DrainRow): Drain {
  return {
    id: row.id,
    app: row.app,
    kind: row.kind,
    url: row.shown,
    ...sendingView(row),
  }
}

type SendingRow = Pick<DrainRow, 'failing_since' | 'sent' | 'dropped' | 'last_sent_at' | 'retry_at' | 'last_error' | 'created_at' | 'created_by'>

/** What is told of a drain, and of whatever else sends on as drains do. */
export function sendingView(row: SendingRow): Pick<Drain, 'state' | 'sent' | 'dropped' | 'lastSentAt' | 'failingSince' | 'retryAt' | 'lastError' | 'createdAt' | 'createdBy'> {
  return {
    state: row.failing_since === null ? 'sending' : 'failing',
    sent: row.sent,
    dropped: row.dropped,
    lastSentAt: row.last_sent_at?.toISOString() ?? null,
    failingSince: row.failing_since?.toISOString() ?? null,
    retryAt: row.retry_at?.toISOString() ?? null,
    lastError: row.last_error,
    createdAt: row.created_at.toISOString(),
    createdBy: row.created_by,
  }
}
