/** An SLO while it is written: fields as text → its objectives, or what is still missing. Pure. */
import type { SloSpec } from '#contract/alerting.ts'
import { numberOf, spanOf, spanText } from './typed.ts'

export type SloText = { availability: string; p99: string; window: string; alerts: boolean }

export const emptySlo: SloText = { availability: '99.9%', p99: '', window: '30d', alerts: true }

export function sloText({ availability, p99Ms, windowMs, alerts }: SloSpec): SloText {
  return { availability: availability === undefined ? '' : `${Number((availability * 100).toFixed(6))}%`, p99: p99Ms === undefined ? '' : spanText(p99Ms), window: spanText(windowMs), alerts }
}

const dayMs = 86_400_000

export type WrittenSlo = { spec: SloSpec; missing: null } | { spec: null; missing: string }

export function sloOf({ availability, p99, window, alerts }: SloText): WrittenSlo {
  const no = (missing: string): WrittenSlo => ({ spec: null, missing })
  const share = availability.trim() === '' ? undefined : shareOf(availability)
  const p99Ms = p99.trim() === '' ? undefined : spanOf(p99)
  const windowMs = spanOf(window)
  if (share === null) return no('the share of requests that succeed is a percentage such as 99.9%')
  if (p99Ms === null) return no('the time within which answers come is one such as 500ms')
  if (windowMs === null || windowMs === 0) return no('the window is a time such as 30d')
  if (share !== undefined && (share < 0.5 || share > 0.99999)) return no('the share of requests that succeed is from 50% to 99.999%')
  if (p99Ms !== undefined && (p99Ms < 1 || p99Ms > 30_000)) return no('the time within which answers come is from 1ms to 30s')
  if (windowMs < 7 * dayMs || windowMs > 90 * dayMs) return no('the window is from 7d to 90d')
  if (share === undefined && p99Ms === undefined) return no('say how many requests succeed, within what time answers come, or both')
  return { spec: { ...(share === undefined ? {} : { availability: share }), ...(p99Ms === undefined ? {} : { p99Ms }), windowMs, alerts }, missing: null }
}

/** `99.9%`, `99.9` and `0.999` are the same objective. */
function shareOf(text: string): number | null {
  const value = numberOf(text)
  return value === null ? null : Number((value > 1 ? value / 100 : value).toFixed(8))
}
