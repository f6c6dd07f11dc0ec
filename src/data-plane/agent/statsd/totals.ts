/** What one instance said by StatsD since it was last read out, as samples; bounded, for what is said is not in our hands. */
import type { ScrapeSample } from '#contract/scraping.ts'
import type { StatsdMetric } from './parse.ts'

/** Bounds of the buckets of what is a time (`ms`, told in seconds), and of what may be anything (`h`, `d`, told as it came). */
const timeBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const
const wideBounds = [0.001, 0.01, 0.1, 0.5, 1, 5, 10, 50, 100, 500, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9] as const
/** Samples at most that one instance can give in one reading, and different words in its sets. */
export const mostSamples = 1_000
export const mostWords = 5_000

type Series = { name: string; tags: Record<string, string> } & (
  | { kind: 'counter'; added: number }
  | { kind: 'gauge'; value: number }
  | { kind: 'set'; words: Set<string> }
  | { kind: 'histogram'; bounds: readonly number[]; counts: number[]; sum: number }
)

export class StatsdTotals {
  readonly #series = new Map<string, Series>()
  #cost = 0
  #words = 0
  #refused = 0

  add(metric: StatsdMetric): void {
    const { name, tags } = seriesOf(metric)
    const key = `${metric.type}\n${name}\n${JSON.stringify(Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1)))}`
    const series = this.#series.get(key) ?? this.#make(key, metric, name, tags)
    if (series === null) this.#refused += metric.values.length
    else for (const value of metric.values) this.#take(series, value, metric.weight)
  }

  #make(key: string, { type }: StatsdMetric, name: string, tags: Record<string, string>): Series | null {
    const made = emptySeries(type, name, tags)
    const cost = costOf(made)
    if (this.#cost + cost > mostSamples) return null
    this.#cost += cost
    this.#series.set(key, made)
    return made
  }

  #take(series: Series, { text, number, relative }: StatsdMetric['values'][number], weight: number): void {
    if (series.kind === 'counter') series.added += number * weight
    else if (series.kind === 'gauge') series.value = relative ? series.value + number : number
    else if (series.kind === 'histogram') {
      const value = series.bounds === timeBounds ? number / 1000 : number
      const at = series.bounds.findIndex((bound) => value <= bound)
      const bucket = at < 0 ? series.bounds.length : at
      series.counts[bucket] = (series.counts[bucket] ?? 0) + weight
      series.sum += value * weight
    } else if (!series.words.has(text)) {
      if (this.#words >= mostWords) return void this.#refused++
      this.#words++
      series.words.add(text)
    }
  }

  /** What was said, and how much was left out. Gauges stay as they are; anything else begins anew, and what said nothing makes room. */
  takeSamples(): { samples: ScrapeSample[]; refused: number } {
    const samples = [...this.#series.values()].flatMap(samplesOf).filter(([, , , value]) => Number.isFinite(value))
    const refused = this.#refused
    for (const [key, series] of this.#series) {
      if (series.kind === 'gauge') continue
      this.#series.delete(key)
      this.#cost -= costOf(series)
    }
    this.#words = 0
    this.#refused = 0
    return { samples, refused }
  }
}

/** Times are told in seconds, and say so in their name. */
function seriesOf({ name, type, tags }: StatsdMetric): { name: string; tags: Record<string, string> } {
  const plain = name.replaceAll(/[^a-zA-Z0-9_]+/g, '_')
  if (type === 'c') return { name: plain.endsWith('_total') ? plain : `${plain}_total`, tags }
  if (type !== 'ms') return { name: plain, tags }
  return { name: `${plain.replace(/_(?:ms|millis|milliseconds|seconds)$/, '')}_seconds`, tags }
}

function emptySeries(type: StatsdMetric['type'], name: string, tags: Record<string, string>): Series {
  if (type === 'c') return { name, tags, kind: 'counter', added: 0 }
  if (type === 'g') return { name, tags, kind: 'gauge', value: 0 }
  if (type === 's') return { name, tags, kind: 'set', words: new Set() }
  const bounds = type === 'ms' ? timeBounds : wideBounds
  return { name, tags, kind: 'histogram', bounds, counts: Array.from({ length: bounds.length + 1 }, () => 0), sum: 0 }
}

const costOf = (series: Series) => (series.kind === 'histogram' ? series.bounds.length + 3 : 1)

function samplesOf(series: Series): ScrapeSample[] {
  const { name, tags } = series
  if (series.kind === 'counter') return [[name, tags, 'delta', series.added]]
  if (series.kind === 'gauge') return [[name, tags, 'gauge', series.value]]
  if (series.kind === 'set') return [[name, tags, 'gauge', series.words.size]]
  let below = 0
  const sums = series.counts.map((count) => (below += count))
  return [
    ...sums.map((sum, at): ScrapeSample => [`${name}_bucket`, { ...tags, le: series.bounds[at] === undefined ? '+Inf' : String(series.bounds[at]) }, 'delta', sum]),
    [`${name}_sum`, tags, 'delta', series.sum],
    [`${name}_count`, tags, 'delta', below],
  ]
}
