/** Questions of a graph, and their answers as lines on common times. Pure. */
import type { GraphLine } from '#contract/dashboards.ts'
import { formatMetric, unitOf } from '#contract/metric-words.ts'
import type { MetricAnswer, MetricName } from '#contract/metrics.ts'

export type Scope = { app: string | undefined; env: string | undefined }
export type Question = { metric: string; fn: GraphLine['fn']; by: string; where: string; with?: string; top?: number }
export type DrawnLine = { name: string; values: (number | null)[]; /** The same line as it was a day or a week before. */ before: (number | null)[] | null }
/** What more lines than can be told apart are folded to: how many there are, and between which values they lie. */
export type Rest = { count: number; low: (number | null)[]; high: (number | null)[] }
export type Drawn = { /** Seconds since 1970. */ times: number[]; lines: DrawnLine[]; rest: Rest | null }

/** Beyond so many lines some are folded, down to `keptLines`. */
export const mostLines = 12
export const keptLines = 5
/** With more lines, those of an earlier time would only be noise. */
export const mostCompared = 3

/** What is asked for one line; `whole` is what it is a share of. */
export function questionsOf(line: GraphLine, scope: Scope, names: readonly MetricName[]): { part: Question; whole: Question | null } {
  const known = nameOf(line.metric, names)
  const asked = (where: string): Question => ({ metric: line.metric, fn: line.fn, by: line.by.join(','), where: scoped(where, scope, known?.labels ?? []) })
  return { part: asked(line.where), whole: line.shareOf === undefined ? null : asked(line.shareOf) }
}

/** What is asked for each line of a graph. Lines that stand alone are asked for up to as many as are drawn; a share, and what stands beside a limit, is found among all. */
export function asksOf(lines: readonly GraphLine[], scope: Scope, names: readonly MetricName[]): { part: Question; whole: Question | null }[] {
  return lines.map((line) => {
    const { part, whole } = questionsOf(line, scope, names)
    const kept = line.onlyWith === undefined ? {} : { with: line.onlyWith }
    return { part: { ...part, ...kept, ...(lines.length === 1 && whole === null ? { top: mostLines } : {}) }, whole: whole === null ? null : { ...whole, ...kept } }
  })
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
/** `of`: the labels it has, the same for the lines that belong together, such as what is used and its limit. */
type Named = { name: string; of: string; values: Values }

/** The series of one line, with their names. `whole`: each value is divided by the one of the same labels there. */
export function seriesOf(line: GraphLine, part: MetricAnswer, whole: MetricAnswer | null): Named[] {
  const wholes = new Map((whole?.series ?? []).map((one) => [keyOf(one.labels), valuesOf(one)]))
  const shown = part.series.map((one) => ({ labels: one.labels, values: valuesOf(one) }))
  if (whole === null) return shown.map(({ labels, values }) => ({ name: lineName(line, labels), of: keyOf(labels), values }))
  // where there is a whole and no part, the part is nothing
  const parts = new Map(shown.map(({ labels, values }) => [keyOf(labels), values]))
  return whole.series.map(({ labels }) => ({ name: lineName(line, labels), of: keyOf(labels), values: share(parts.get(keyOf(labels)) ?? new Map(), wholes.get(keyOf(labels)) ?? new Map()) }))
}

const share = (part: Values, whole: Values): Values => new Map([...whole].map(([at, all]) => [at, all === null || all === 0 ? null : (part.get(at) ?? 0) / all]))
const keyOf = (labels: Record<string, string>) => JSON.stringify(Object.entries(labels).sort())
const valuesOf = ({ points }: Series): Values => new Map(points)

/** `web`, `web → api`, `shop/web limit`, or the metric itself. */
function lineName({ by, name, metric }: GraphLine, labels: Record<string, string>): string {
  const withApp = by.includes('app')
  const own = withApp ? by.filter((label) => label !== 'app' && label !== 'environment') : by
  const parts = own.map((label) => labels[label] || (label === 'from' ? 'outside' : '–'))
  const told = own.join() === 'from,service' ? parts.join(' → ') : parts.join(' ')
  const environment = labels['environment'] ?? 'production'
  const place = withApp ? `${labels['app'] ?? '–'}${environment === 'production' ? '' : ` ${environment}`}` : ''
  return [[place, told].filter((text) => text !== '').join('/'), name].filter((text) => text !== undefined && text !== '').join(' ') || metric
}

/** `others`: of more lines than were asked for. */
type Given = { fn: string; stepMs: number; series: readonly Named[]; others?: MetricAnswer['others']; before: readonly Named[] | null }
type Placed = DrawnLine & { of: string; /** Which line of the graph it belongs to. */ nth: number }

/** Lines on the times of all of them; too many are folded. `now`: a step that has only begun says too little of what is counted. */
export function draw(given: readonly Given[], nowMs: number): Drawn {
  const whole = ({ fn, stepMs }: { fn: string; stepMs: number }) => (at: number) => /^(avg|min|max|sum|last)$/.test(fn) || at + stepMs <= nowMs
  const times = [...new Set(given.flatMap((one) => one.series.flatMap(({ values }) => [...values.keys()].filter(whole(one)))))].sort((a, b) => a - b)
  const lines = given.flatMap(({ series, before }, nth) => {
    const past = new Map(before?.map((one) => [one.name, one.values]))
    return series.map(({ name, of, values }): Placed => {
      const then = past.get(name)
      return { name, of, nth, values: times.map((at) => values.get(at) ?? null), before: then === undefined ? null : times.map((at) => then.get(at) ?? null) }
    })
  })
  const others = restOf(given[0]?.others ?? null, times)
  const { kept, rest } = folded(lines.filter(({ values }) => values.some((value) => value !== null)), others, given[0]?.fn === 'min')
  return { times: times.map((at) => at / 1000), lines: kept.toSorted(byName).map(({ name, values, before }) => ({ name, values, before })), rest }
}

/** What belongs together stays together, in the order of its first line: the greatest first, or the least where the least matters. */
function folded(lines: readonly Placed[], others: Rest | null, leastFirst: boolean): { kept: readonly Placed[]; rest: Rest | null } {
  if (lines.length <= mostLines && others === null) return { kept: lines, rest: null }
  const groups = [...Map.groupBy(lines, ({ of }) => of).values()]
  const rank = new Map(groups.map((group) => [group, leastFirst ? -least(group[0] as Placed) : greatest(group[0] as Placed)]))
  const sorted = groups.toSorted((one, other) => (rank.get(other) as number) - (rank.get(one) as number) || byName(one[0] as Placed, other[0] as Placed))
  const most = Math.max(3, Math.floor(keptLines / Math.max(...groups.map(({ length }) => length))))
  const left = sorted.slice(most).map((group) => group[0] as Placed).filter(({ nth }) => nth === sorted[0]?.[0]?.nth)
  const bands = [...left.map(({ values }): Rest => ({ count: 1, low: values, high: values })), ...(others === null ? [] : [others])]
  return { kept: sorted.slice(0, most).flat(), rest: groups.length <= most && others === null ? null : { count: Math.max(0, groups.length - most) + (others?.count ?? 0), ...between(bands) } }
}

function between(bands: readonly Rest[]): Pick<Rest, 'low' | 'high'> {
  const at = (nth: number, side: 'low' | 'high', better: (one: number, other: number) => number) => bands.flatMap((band) => band[side][nth] ?? []).reduce<number | null>((best, value) => (best === null ? value : better(best, value)), null)
  const steps = bands[0]?.low.map((_, nth) => nth) ?? []
  return { low: steps.map((nth) => at(nth, 'low', Math.min)), high: steps.map((nth) => at(nth, 'high', Math.max)) }
}

function restOf(others: MetricAnswer['others'], times: readonly number[]): Rest | null {
  if (others === null) return null
  const known = new Map(others.points.map(([at, ...rest]) => [at, rest]))
  return { count: others.count, low: times.map((at) => known.get(at)?.[0] ?? null), high: times.map((at) => known.get(at)?.[1] ?? null) }
}

const collator = new Intl.Collator('en', { numeric: true })
const byName = (one: DrawnLine, other: DrawnLine) => collator.compare(one.name, other.name)
const greatest = ({ values }: DrawnLine) => values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0)
const least = ({ values }: DrawnLine) => values.reduce<number>((most, value) => Math.min(most, value ?? Infinity), Infinity)
export const newest = ({ values }: DrawnLine) => values.findLast((value) => value !== null) ?? null

/** How the values of a graph are written: by its first line. On the scale without what the title says. */
export function formatOf([first]: readonly GraphLine[]): { format: (value: number) => string; scaleFormat?: (value: number) => string; bytes: boolean; floor: number } {
  if (first === undefined) return { format: String, bytes: false, floor: 1 }
  const isShare = first.shareOf !== undefined
  const unit = isShare ? 'share' : unitOf(first.metric)
  const floors = { bytes: 1024, seconds: 0.01, cores: 0.1, share: 0.01, count: 1 } as const
  return { format: (value) => (isShare ? formatMetric(value, '_share', '') : formatMetric(value, first.metric, first.fn)), ...(unit === 'cores' ? { scaleFormat: (value: number) => value.toFixed(2) } : {}), bytes: unit === 'bytes', floor: floors[unit] }
}
