/**
 * What a value of a metric is, told by its name as the field writes names (`_bytes`, `_seconds`, `_total`), and how a person reads it.
 * Loads no schema, so that the console may.
 */
import { formatSize } from '#base/units.ts'

/** Stands for lines of logs, which are counted when a rule asks; no series of the metric store has this name. */
export const logLinesMetric = 'nightshift_log_lines_total'

/** `count` has no unit. */
export type MetricUnit = 'bytes' | 'seconds' | 'cores' | 'share' | 'count'

const endings: readonly (readonly [RegExp, MetricUnit])[] = [
  [/_bytes(_total|_sum)?$/, 'bytes'],
  [/_(seconds|duration)(_total|_sum)?$/, 'seconds'],
  [/_cores$/, 'cores'],
  [/_(ratio|share)$/, 'share'],
]

export function unitOf(metric: string): MetricUnit {
  return endings.find(([ending]) => ending.test(metric))?.[1] ?? 'count'
}

/** Of a counter a person wants to know how fast it rises; of anything else, how much it is. */
export function usualFn(metric: string, kind: 'gauge' | 'counter' | 'delta'): 'avg' | 'rate' | 'p95' {
  return metric.endsWith('_bucket') ? 'p95' : kind === 'gauge' ? 'avg' : 'rate'
}

/** `1.4 MB`, `230 ms`, `0.42 cores`, `3.1 %`, `12.4`; a rate ends with `/s`. */
export function formatMetric(value: number, metric: string, fn: string): string {
  const isRate = fn === 'rate'
  const unit = unitOf(metric)
  if (unit === 'bytes') return `${sizeOf(value)}${isRate ? '/s' : ''}`
  // seconds of work a second: cores, or a share of the time
  if (unit === 'seconds') return isRate ? `${numberOf(value)} s/s` : secondsOf(value)
  if (unit === 'share') return `${numberOf(value * 100)} %`
  if (unit === 'cores') return `${value.toFixed(2)} cores`
  return `${numberOf(value)}${isRate ? '/s' : ''}`
}

const minus = '\u2212'
const sizeOf = (bytes: number) => (bytes < 0 ? minus : '') + formatSize(Math.abs(bytes) < 1024 ? Math.round(Math.abs(bytes)) : Math.abs(bytes))

function secondsOf(value: number): string {
  const size = Math.abs(value)
  if (size === 0) return '0 ms'
  if (size < 0.001) return `${numberOf(value * 1e6)} µs`
  if (size < 1) return `${numberOf(value * 1000)} ms`
  if (size < 120) return `${numberOf(value)} s`
  return size < 7200 ? `${numberOf(value / 60)} min` : size < 172_800 ? `${numberOf(value / 3600)} h` : `${numberOf(value / 86_400)} d`
}

/** Three digits that count: 0.042 · 6.1 · 212 · 4.8 k · 1.2 M */
function numberOf(value: number): string {
  const size = Math.abs(value)
  const sign = value < 0 ? minus : ''
  if (size >= 1e12) return sign + size.toExponential(1)
  const [scale, letter] = size >= 1e9 ? [1e9, ' G'] : size >= 1e6 ? [1e6, ' M'] : size >= 10_000 ? [1000, ' k'] : [1, '']
  const scaled = size / scale
  const digits = scaled >= 100 ? 0 : scaled >= 1 ? 1 : scaled >= 0.1 ? 2 : 3
  return sign + String(Number(scaled.toFixed(digits))) + letter
}
