import type { Forward } from '#contract/forwards.ts'
import { sendingView } from '#watch/drains/model.ts'
import type { DrainState } from '#watch/drains/plan.ts'

export type ForwardRow = DrainState & {
  id: string
  shown: string
  sealed: Buffer
  labels: Record<string, string>
  created_at: Date
  created_by: string
  position_ms: number
}

/** Where its sealed target belongs: it opens nowhere else. */
export const targetPlace = (id: string): string => `metric-forward:${id}`

export const words = { kind: 'forward', one: 'sample', many: 'samples' } as const

export function forwardView(row: ForwardRow): Forward {
  return {
    id: row.id,
    url: row.shown,
    labels: row.labels,
    position: new Date(row.position_ms).toISOString(),
    ...sendingView(row),
  }
}
