/** What an SLO says, as it is set, out of what the API answers about it. Loads no schema, so that the console may. */
import type { Slo, SloSpec } from './alerting.ts'

export function sloSpecOf({ objectives, windowMs, alerts }: Pick<Slo, 'objectives' | 'windowMs' | 'alerts'>): SloSpec {
  const availability = objectives.find(({ kind }) => kind === 'availability')?.target
  const p99Ms = objectives.find(({ kind }) => kind === 'latency')?.thresholdMs ?? undefined
  return { windowMs, alerts, ...(availability === undefined ? {} : { availability }), ...(p99Ms === undefined ? {} : { p99Ms }) }
}
