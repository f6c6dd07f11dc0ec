/** Questions of a graph, and their answers as lines on common times. Pure. */
import type { GraphLine } from '#contract/dashboards.ts'
import { formatMetric, unitOf } from '#contract/metric-words.ts'
import type { MetricAnswer, MetricName } from '#contract/metrics.ts'

export type Scope = { app: string | undefined; env: string | undefined }
export type Question = { metric: string; fn: GraphLine['fn']; by: string; where: string }
export type DrawnLine = { name: string; values: (number | null)[]; /** The same line as it was a day or a week before. */ before: (number | null)[] | null }
export type Drawn = { /** Seconds since 1970. */ times: number[]; lines: DrawnLine[]; /** Lines that were left out, because more cannot be told apart. */ left: number }

export const mostLines = 12
/** With more lines, those of an earlier time would only be noise. */
export const mostCompared = 3

/** What is asked for one line; `whole` is what it is a share of. */
export function questionsOf(line: GraphLine, scope: Scope, names: readonly MetricName[]): { part: Question; whole: Question | null } {
  const known = nameOf(line.metric, names)
  const asked = (where: string): Question => ({ metric: line.metric, fn: line.fn, by: line.by.join(','), where: scoped(where, scope, known?.labels ?? []) })
  return { part: asked(line.where), whole: line.shareOf === undefined ? null : asked(line.shareOf) }
}

/** A histogram is asked for without the ending that its series have. */
export const nameOf = (metric: string, names: readonly MetricName[]) => names.find(({ name }) => name === metric) ?? names.find(({ name }) => name === `${metric}_bucket`)

/** What is chosen in the room is added where series have that label and the line does not say otherwise itself. */
function scoped(where: string, { app, env }: Scope, labels: readonly string[]): string {
  const own = where.split(',').filter((part) => part !== '')
  const names = new Set(own.map((part) => part.split('=')[0]))
  const added = [['app', app], ['environment', env]].filter(([label, value]) => value !== undefined && labels.includes(label as string) && !names.has(label))
  return [...own, ...added.map(([label, value]) => `${label}=${value}`)].join(',')
}

type Series = MetricAnswer['series'][number]
type Values = Map<number, number | null>
type Named = { name: string; values: Values }

/** The series of one line, with their names. `whole`: each value is divided by the one of the same labels there. */
export function seriesOf(line: GraphLine, part: MetricAnswer, whole: MetricAnswer | null): Named[] {
  const wholes = new Map((whole?.series ?? []).map((one) => [keyOf(one.labels), valuesOf(one)]))
  const shown = (line.onlyWith === undefined ? part.series : part.series.filter(({ labels }) => (labels[line.onlyWith as string] ?? '') !== '')).map((one) => ({ labels: one.labels, values: valuesOf(one) }))
  if (whole === null) return shown.map(({ labels, values }) => ({ name: lineName(line, labels), values }))
  // where there is a whole and no part, the part is nothing
  const parts = new Map(shown.map(({ labels, values }) => [keyOf(labels), values]))
  return whole.series
    .filter(({ labels }) => line.onlyWith === undefined || (labels[line.onlyWith] ?? '') !== '')
    .map(({ labels }) => ({ name: lineName(line, labels), values: share(parts.get(keyOf(labels)) ?? new Map(), wholes.get(keyOf(labels)) ?? new Map()) }))
}

const share = (part: Values, whole: Values): Values => new Map([...whole].map(([at, all]) => [at, all === null || all === 0 ? null : (part.get(at) ?? 0) / all]))
const keyOf = (labels: Record<string, string>) => JSON.stringify(Object.entries(labels).sort())
const valuesOf = ({ points }: Series): Values => new Map(points)

/** `web`, `web → api`, `web limit`, or the metric itself. */
function lineName({ by, name, metric }: GraphLine, labels: Record<string, string>): string {
  const parts = by.map((label) => labels[label] || (label === 'from' ? 'outside' : '–'))
  const told = by.join() === 'from,service' ? parts.join(' → ') : parts.join(' ')
  return [told, name].filter((text) => text !== undefined && text !== '').join(' ') || metric
}

/** Lines on the times of all of them; the greatest are kept. `now`: a step that has only begun says too little of what is counted. */
export function draw(given: readonly { fn: string; stepMs: number; series: readonly Named[]; before: readonly Named[] | null }[], nowMs: number): Drawn {
  const whole = ({ fn, stepMs }: { fn: string; stepMs: number }) => (at: number) => /^(avg|min|max|sum|last)$/.test(fn) || at + stepMs <= nowMs
  const times = [...new Set(given.flatMap((one) => one.series.flatMap(({ values }) => [...values.keys()].filter(whole(one)))))].sort((a, b) => a - b)
  const lines = given.flatMap(({ series, before }) => series.map(({ name, values }): DrawnLine => {
    const past = before?.find((one) => one.name === name)
    return { name, values: times.map((at) => values.get(at) ?? null), before: past === undefined ? null : times.map((at) => past.values.get(at) ?? null) }
  }))
  const told = lines.filter(({ values }) => values.some((value) => value !== null))
  if (told.length <= mostLines) return { times: times.map((at) => at / 1000), lines: told.toSorted(byName), left: 0 }
  const kept = told.toSorted((one, other) => greatest(other) - greatest(one)).slice(0, mostLines)
  return { times: times.map((at) => at / 1000), lines: kept.toSorted(byName), left: told.length - mostLines }
}

const collator = new Intl.Collator('en', { numeric: true })
const byName = (one: DrawnLine, other: DrawnLine) => collator.compare(one.name, other.name)
const greatest = ({ values }: DrawnLine) => values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0)
export const newest = ({ values }: DrawnLine) => values.findLast((value) => value !== null) ?? null

/** How the values of a graph are written: by its first line. On the scale without what the title says. */
export function formatOf([first]: readonly GraphLine[]): { format: (value: number) => string; scaleFormat?: (value: number) => string; bytes: boolean; floor: number } {
  if (first === undefined) return { format: String, bytes: false, floor: 1 }
  const isShare = first.shareOf !== undefined
  const unit = isShare ? 'share' : unitOf(first.metric)
  const floors = { bytes: 1024, seconds: 0.01, cores: 0.1, share: 0.01, count: 1 } as const
  return { format: (value) => (isShare ? formatMetric(value, '_share', '') : formatMetric(value, first.metric, first.fn)), ...(unit === 'cores' ? { scaleFormat: (value: number) => value.toFixed(2) } : {}), bytes: unit === 'bytes', floor: floors[unit] }
}
