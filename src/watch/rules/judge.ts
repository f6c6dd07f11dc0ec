/** Numbers → whether a condition holds, and why, in words. Pure. */
import type { Comparator, Condition, Measure, RuleSpec } from '#contract/alerting.ts'
import { formatDuration, formatSize } from '#base/units.ts'

/** `usual`: from and to, where a condition goes by that. */
export type Verdict = { value: number | null; holds: boolean | null; because: string; usual?: [from: number, to: number] }
export type Point = readonly [atMs: number, value: number | null]

const compare: Record<Comparator, (a: number, b: number) => boolean> = {
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
}
export const holdsFor = (is: Comparator, a: number, b: number): boolean => compare[is](a, b)

const none: Verdict = { value: null, holds: null, because: 'it has no value' }

/** Of a value that is at least so much: whether it is above a bound can be sure, nothing else. */
export function sureOf(condition: Condition, verdict: Verdict): Verdict {
  if (condition.kind === 'threshold' && (condition.is === '>' || condition.is === '>=') && verdict.holds === true) return { ...verdict, because: `at least ${verdict.because}` }
  return { ...verdict, holds: null, because: 'there was not enough time to count all lines (name an app or a service, or look at a shorter window)' }
}

/** The value and its bound, as in `12 % (> 5 %)`. */
export function judgeThreshold(spec: RuleSpec, { is, value }: Extract<Condition, { kind: 'threshold' }>, now: number | null): Verdict {
  if (now === null) return none
  return { value: now, holds: holdsFor(is, now, value), because: `${format(spec, now)} (${is} ${format(spec, value)})` }
}

export function judgeAbsence(isThere: boolean, windowMs: number): Verdict {
  return { value: isThere ? 1 : 0, holds: !isThere, because: isThere ? 'it has values again' : `no value for ${formatDuration(windowMs)}` }
}

export function judgeChange(spec: RuleSpec, { overMs, is, value, unit }: Extract<Condition, { kind: 'change' }>, now: number | null, then: number | null): Verdict {
  if (now === null || then === null) return none
  // of nothing, no share can be said
  if (unit === 'percent' && then === 0) return { ...none, because: 'it was 0 before, so that there is no percentage' }
  const change = unit === 'percent' ? ((now - then) / Math.abs(then)) * 100 : now - then
  const words = unit === 'percent' ? `${round(change)} %` : format(spec, change)
  return { value: change, holds: holdsFor(is, change, value), because: `${words} in ${formatDuration(overMs)}, from ${format(spec, then)} to ${format(spec, now)} (${is} ${unit === 'percent' ? `${value} %` : format(spec, value)})` }
}

/** Of this many days at least: two days agree by chance. */
const leastDays = 3
/** Days that are all alike still differ by so much of what is usual. */
const leastSpread = 0.05

/** Against the median of other days; how far is usual comes from their median distance to it (MAD), so that one odd day changes nothing. */
export function judgeUnusual(spec: RuleSpec, { side, factor }: Extract<Condition, { kind: 'unusual' }>, now: number | null, others: readonly (number | null)[]): Verdict {
  const days = others.filter((one) => one !== null)
  if (now === null) return none
  if (days.length < leastDays) return { value: now, holds: null, because: `only ${days.length} other days have a value at this hour` }
  const usual = median(days)
  const spread = Math.max(1.4826 * median(days.map((day) => Math.abs(day - usual))), leastSpread * Math.abs(usual))
  const far = Math.abs(now - usual) > factor * spread
  const holds = far && (side === 'both' || (side === 'above') === now > usual)
  return { value: now, holds, usual: [usual - factor * spread, usual + factor * spread], because: `${format(spec, now)}; at this hour it usually is ${format(spec, usual)} (± ${format(spec, factor * spread)})` }
}

/** A line needs points over most of its time, or a hiccup is a trend. */
const leastPoints = 6

/** Where the line of least squares is after `withinMs`. Holds at once when the value is there already. */
export function judgeForecast(spec: RuleSpec, { withinMs, is, value, fromMs }: Extract<Condition, { kind: 'forecast' }>, points: readonly Point[], nowMs: number): Verdict {
  const known = points.filter((point): point is readonly [number, number] => point[1] !== null)
  const last = known.at(-1)
  if (last === undefined || known.length < leastPoints || last[0] - (known[0] as readonly [number, number])[0] < fromMs / 2) return { ...none, because: `less than ${formatDuration(fromMs / 2)} of values are there to see a trend in` }
  const { at, slope } = lineOf(known, nowMs)
  const later = at + slope * withinMs
  const holds = holdsFor(is, last[1], value) || holdsFor(is, later, value)
  const reaches = slope === 0 ? null : (value - at) / slope
  const when = holds && reaches !== null && reaches > 0 && reaches <= withinMs ? `, and reaches ${format(spec, value)} in ${formatDuration(reaches)} if it goes on so` : `; in ${formatDuration(withinMs)} it is ${format(spec, later)} if it goes on so`
  return { value: last[1], holds, because: `${format(spec, last[1])} now${when}` }
}

/** Least squares; `at`: where the line is at `nowMs`, `slope`: per millisecond. */
export function lineOf(points: readonly (readonly [number, number])[], nowMs: number): { at: number; slope: number } {
  const n = points.length
  const meanX = points.reduce((sum, [at]) => sum + (at - nowMs), 0) / n
  const meanY = points.reduce((sum, [, value]) => sum + value, 0) / n
  const [cov, variance] = points.reduce(([c, v], [at, value]) => [c + (at - nowMs - meanX) * (value - meanY), v + (at - nowMs - meanX) ** 2], [0, 0])
  const slope = variance === 0 ? 0 : cov / variance
  return { slope, at: meanY - slope * meanX }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? (sorted[middle] as number) : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

const round = (value: number) => (Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3)))

/** In the unit that the metric's name tells. */
export function format({ measure, per }: { measure: Pick<Measure, 'metric' | 'fn'>; per: unknown }, value: number): string {
  const { metric, fn } = measure
  if (per !== null) return `${round(value * 100)} %`
  const unit = metric.replace(/_(total|sum|count|bucket)$/, '')
  const suffix = fn === 'rate' ? '/s' : ''
  if (unit.endsWith('_bytes')) return `${value < 0 ? '−' : ''}${formatSize(Math.round(Math.abs(value)))}${suffix}`
  if (unit.endsWith('_seconds') && fn !== 'rate') return `${value < 0 ? '−' : ''}${formatDuration(Math.abs(value) * 1000)}`
  return `${round(value)}${suffix}`
}

/** The summary with its values. What is not known stays as it is written. */
export function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => (Object.hasOwn(values, name) ? (values[name] as string) : whole))
}

/** The condition in words, without its numbers of the moment. */
export function aboutOf(spec: RuleSpec): string {
  const { measure, per, condition, windowMs, forMs } = spec
  const of = (one: Measure) => `${one.logs === undefined ? `${one.fn} of ${one.metric}` : `${one.fn === 'rate' ? 'rate of ' : ''}log lines${one.logs === '' ? '' : ` that match ${one.logs}`}`}${Object.keys(one.where).length === 0 ? '' : `{${Object.entries(one.where).map(([name, value]) => `${name}=${[value].flat().join('|')}`).join(', ')}}`}`
  const what = `${of(measure)}${per === null ? '' : ` per ${of(per)}`} over ${formatDuration(windowMs)}`
  const held = forMs === 0 ? '' : ` for ${formatDuration(forMs)}`
  switch (condition.kind) {
    case 'threshold':
      return `${what} ${condition.is} ${format(spec, condition.value)}${held}`
    case 'absence':
      return `no ${measure.metric} for ${formatDuration(windowMs)}${held}`
    case 'change':
      return `${what} against ${formatDuration(condition.overMs)} before ${condition.is} ${condition.unit === 'percent' ? `${condition.value} %` : format(spec, condition.value)}${held}`
    case 'unusual':
      return `${what} ${condition.side === 'both' ? 'far from' : `far ${condition.side}`} what it is at this hour of ${condition.days.length} other days${held}`
    case 'forecast':
      return `${what} ${condition.is} ${format(spec, condition.value)} within ${formatDuration(condition.withinMs)} by its trend${held}`
  }
}
