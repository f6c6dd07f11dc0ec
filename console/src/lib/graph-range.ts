/** The time that graphs show, as it stands in the address. Pure. */
import type { GraphsFilter } from '../paths.ts'

export const ranges = ['1h', '6h', '24h', '7d', '30d'] as const
export type RangeName = (typeof ranges)[number]
const minutesOf: Record<RangeName, number> = { '1h': 60, '6h': 360, '24h': 1440, '7d': 10_080, '30d': 43_200 }

/** `until`: milliseconds since 1970, the end of a graph of the past; undefined: now, and it goes on. */
export type Range = { name: RangeName | undefined; minutes: number; until: number | undefined; stepMs: number }

const grainMs = 10_000
const [fiveMinutes, hour] = [300_000, 3_600_000]
const mostPoints = 120
const leastMs = 2 * 60_000

export function rangeOf({ range, from, to }: GraphsFilter): Range {
  const [since, until] = [Date.parse(from ?? ''), Date.parse(to ?? '')]
  const known = ranges.find((one) => one === range) ?? '1h'
  const dragged = until - since > 0 && until - since < 400 * 86_400_000
  const minutes = dragged ? Math.max(leastMs, until - since) / 60_000 : minutesOf[known]
  return { name: dragged ? undefined : known, minutes, until: dragged ? until : undefined, stepMs: stepFor(minutes * 60_000) }
}

/** What is long is shown in whole sums of what the store keeps: of very many series those are read much sooner. */
function stepFor(spanMs: number): number {
  const exact = spanMs / mostPoints
  const grain = exact > hour ? hour : exact > fiveMinutes / 2 ? fiveMinutes : grainMs
  return Math.max(1, Math.ceil(exact / grain)) * grain
}

export const compares = { '1d': 'the day before', '7d': 'the week before' } as const
export type Compare = keyof typeof compares
export const compareOf = (text: string | undefined): Compare | undefined => (text === '1d' || text === '7d' ? text : undefined)
