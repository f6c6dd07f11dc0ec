/**
 * What a rule reads: for each series and moment whether its condition holds. A turn asks for one moment, a trial for many; both go the
 * same way. The only effect is the question to the metrics.
 */
import type { Measure, RuleSpec } from '#contract/alerting.ts'
import { logLinesMetric } from '#contract/metric-words.ts'
import { type Point, type Verdict, judgeAbsence, judgeChange, judgeForecast, judgeThreshold, judgeUnusual, sureOf } from './judge.ts'
import { type Labels, type QueryMetrics, logPlaces, seriesKey } from './model.ts'

/** Moments from `from` to `until`, each `stepMs` after the one before. */
export type Moments = { from: Date; until: Date; stepMs: number }
export type Observed = { series: string; labels: Labels; at: { atMs: number; verdict: Verdict }[] }
export type Ask = { query: QueryMetrics; apps: readonly string[] | null; inScope: (labels: Labels) => boolean; /** Series of before: of lines that are counted, none is 0. */ known?: readonly Labels[] }

const dayMs = 86_400_000
const knownForMs = dayMs
const maxSeries = 2000

/** `atLeast`: moments of which there is more than the value says. */
type Row = { labels: Labels; values: Map<number, number | null>; atLeast: ReadonlySet<number> }
type Grid = Map<string, Row>

export async function observeRule(spec: RuleSpec, moments: Moments, ask: Ask): Promise<Observed[]> {
  const times = timesOf(moments)
  const { condition } = spec
  if (condition.kind === 'forecast') return forecasts(spec, condition, times, ask)
  if (condition.kind === 'absence') return absences(spec, times, moments, ask)
  const now = await valuesOf(spec, moments, 0, ask)
  const offsets = condition.kind === 'change' ? [condition.overMs] : condition.kind === 'unusual' ? condition.days.map((day) => day * dayMs) : []
  const before: Grid[] = []
  for (const offset of offsets) before.push(await valuesOf(spec, moments, offset, { ...ask, known: [...now.values()].map(({ labels }) => labels) }))
  return [...now].map(([series, { labels, values, atLeast }]) => ({
    series, labels,
    at: times.map((atMs) => {
      const value = values.get(atMs) ?? null
      const others = before.map((grid) => grid.get(series)?.values.get(atMs) ?? null)
      const verdict = condition.kind === 'threshold' ? judgeThreshold(spec, condition, value) : condition.kind === 'change' ? judgeChange(spec, condition, value, others[0] ?? null) : judgeUnusual(spec, condition, value, others)
      const isAtLeast = atLeast.has(atMs) || before.some((grid) => grid.get(series)?.atLeast.has(atMs))
      return { atMs, verdict: isAtLeast ? sureOf(condition, verdict) : verdict }
    }),
  }))
}

function timesOf({ from, until, stepMs }: Moments): number[] {
  const count = Math.floor((until.getTime() - from.getTime()) / stepMs) + 1
  return Array.from({ length: count }, (_, nth) => from.getTime() + nth * stepMs)
}

/** The measure, or its quotient, of every series in scope at every moment; each over the window that ends there. */
async function valuesOf(spec: RuleSpec, moments: Moments, offsetMs: number, ask: Ask): Promise<Grid> {
  const [top, per] = [await gridOf(spec.measure, spec.windowMs, moments, offsetMs, ask), spec.per === null ? null : await gridOf(spec.per, spec.windowMs, moments, offsetMs, { ...ask, known: [] })]
  return per === null ? top : quotient(top, per, spec)
}

async function gridOf(measure: Measure, windowMs: number, { from, until, stepMs }: Moments, offsetMs: number, { query, apps, inScope, known = [] }: Ask): Promise<Grid> {
  const grid: Grid = new Map()
  const atLeastAt = new Set<number>()
  // windows that overlap are asked for in turns of windows that do not
  const turns = Math.max(1, Math.round(windowMs / stepMs))
  const count = timesOf({ from, until, stepMs }).length
  for (let turn = 0; turn < Math.min(turns, count); turn++) {
    const first = from.getTime() + turn * stepMs - windowMs
    const windows = Math.ceil((count - turn) / turns)
    const askStep = turns === 1 ? stepMs : windowMs
    const start = turns === 1 ? from.getTime() - stepMs : first
    // steps of the store begin at whole multiples of their length; the offset moves ours there
    const shift = (askStep - (start % askStep)) % askStep
    const { series, atLeast = [] } = await query({ ...measure, since: new Date(start + shift), until: new Date(start + shift + windows * askStep), stepMs: askStep, offsetMs: offsetMs + shift }, apps)
    for (const atMs of atLeast) atLeastAt.add(atMs - shift + askStep)
    for (const { labels, points } of series.slice(0, maxSeries)) {
      if (!inScope(labels)) continue
      const key = seriesKey(labels)
      const row = grid.get(key) ?? { labels, values: new Map(), atLeast: atLeastAt }
      grid.set(key, row)
      for (const [atMs, value] of points) row.values.set(atMs - shift + askStep, value)
    }
  }
  return measure.metric === logLinesMetric ? withZeros(grid, [...known, ...namedPlace(measure)].filter(inScope), timesOf({ from, until, stepMs }), atLeastAt) : grid
}

/** No line is none, and not nothing: where there are lines at another moment, where there were some before, and where the measure itself says. */
function withZeros(grid: Grid, places: readonly Labels[], times: readonly number[], atLeast: ReadonlySet<number>): Grid {
  for (const labels of places) if (!grid.has(seriesKey(labels))) grid.set(seriesKey(labels), { labels, values: new Map(), atLeast })
  for (const { values } of grid.values()) for (const atMs of times) if (!values.has(atMs)) values.set(atMs, 0)
  return grid
}

/** The one series of a measure that names it whole. */
function namedPlace({ where, by }: Measure): Labels[] {
  const pairs = (by ?? logPlaces).map((label) => [label, where[label]] as const)
  return pairs.every((pair): pair is readonly [string, string] => typeof pair[1] === 'string' && !pair[1].includes('*')) ? [Object.fromEntries(pairs)] : []
}

/** A series of the measure is divided by the series of `per` that agrees with it in all labels. Where the measure has none, nothing was counted: 0. */
function quotient(top: Grid, per: Grid, spec: RuleSpec): Grid {
  const names = [...per.values()].map(({ labels }) => Object.keys(labels).sort().join())[0]?.split(',').filter(Boolean) ?? []
  const result: Grid = new Map()
  const divide = (labels: Labels, above: Row | undefined, below: Row) => {
    const values = new Map<number, number | null>()
    for (const [atMs, divisor] of below.values) {
      const enough = divisor !== null && divisor > 0 && divisor >= (spec.perAtLeast ?? 0) && !below.atLeast.has(atMs)
      values.set(atMs, enough ? (above?.values.get(atMs) ?? 0) / divisor : null)
    }
    result.set(seriesKey(labels), { labels, values, atLeast: above?.atLeast ?? new Set() })
  }
  const used = new Set<string>()
  for (const row of top.values()) {
    const key = seriesKey(Object.fromEntries(names.flatMap((name) => (row.labels[name] === undefined ? [] : [[name, row.labels[name]]]))))
    const below = per.get(key)
    if (below === undefined) continue
    used.add(key)
    divide(row.labels, row, below)
  }
  const same = (spec.measure.by ?? []).toSorted().join() === (spec.per?.by ?? []).toSorted().join()
  if (same) for (const [key, row] of per) if (!used.has(key)) divide(row.labels, undefined, row)
  return result
}

async function forecasts(spec: RuleSpec, condition: Extract<RuleSpec['condition'], { kind: 'forecast' }>, times: readonly number[], ask: Ask): Promise<Observed[]> {
  const stepMs = Math.max(60_000, Math.round(condition.fromMs / 36))
  const first = (times[0] as number) - condition.fromMs
  const last = times.at(-1) as number
  const steps = Math.ceil((last - first) / stepMs)
  const moments = { from: new Date(last - (steps - 1) * stepMs), until: new Date(last), stepMs }
  const grid = await valuesOf({ ...spec, windowMs: stepMs }, moments, 0, ask)
  return [...grid].map(([series, { labels, values }]) => {
    const points: Point[] = [...values].sort(([a], [b]) => a - b)
    return { series, labels, at: times.map((atMs) => ({ atMs, verdict: judgeForecast(spec, condition, points.filter(([at]) => at > atMs - condition.fromMs && at <= atMs), atMs) })) }
  })
}

/** Of series that had values within the day before; and, when there never was one, of the one that `where` names. */
async function absences(spec: RuleSpec, times: readonly number[], moments: Moments, ask: Ask): Promise<Observed[]> {
  const measure = { ...spec.measure, fn: 'last' as const }
  const grid = await gridOf(measure, spec.windowMs, moments, 0, ask)
  const since = new Date((times[0] as number) - knownForMs)
  const known = await ask.query({ ...measure, since, until: new Date(times[0] as number), stepMs: knownForMs }, ask.apps)
  for (const { labels } of known.series.slice(0, maxSeries)) if (ask.inScope(labels) && !grid.has(seriesKey(labels))) grid.set(seriesKey(labels), { labels, values: new Map(), atLeast: new Set() })
  if (grid.size === 0) {
    const labels = Object.fromEntries(Object.entries(spec.measure.where).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
    if (ask.inScope(labels)) grid.set(seriesKey(labels), { labels, values: new Map(), atLeast: new Set() })
  }
  return [...grid].map(([series, { labels, values }]) => ({ series, labels, at: times.map((atMs) => ({ atMs, verdict: judgeAbsence((values.get(atMs) ?? null) !== null, spec.windowMs) })) }))
}
