/** OTLP metrics as samples, named as Prometheus would name them (OpenTelemetry specification, "Prometheus and OpenMetrics Compatibility"). Pure. */
import type { OtlpAttributes, OtlpExponentialPoint, OtlpGroup, OtlpHistogramPoint, OtlpMetric, OtlpPoint, OtlpSender, OtlpValue } from '#watch/otlp/model.ts'
import type { Labels, Sample, SeriesKind } from './model.ts'
import { identityLabels, labelText, plainName } from './names.ts'

const unitWords: Record<string, string> = { s: 'seconds', ms: 'milliseconds', us: 'microseconds', ns: 'nanoseconds', min: 'minutes', h: 'hours', d: 'days', By: 'bytes', KiBy: 'kibibytes', MiBy: 'mebibytes', GiBy: 'gibibytes', Cel: 'celsius', V: 'volts', A: 'amperes', J: 'joules', W: 'watts', g: 'grams', m: 'meters', Hz: 'hertz', '%': 'percent' }

/** A sample of the past is as good as one of now while samples are kept; one of the future is of now. */
const oldMs = 24 * 3_600_000
const mostBounds = 200
/** Of one scope: twice as many series as an app may have. */
export const mostSamples = 10_000
const mostPowers = 1_000

/** What is not kept is counted by data points and said by name. */
export function samplesOfOtlp(group: OtlpGroup<OtlpMetric>, from: OtlpSender, now: Date): { samples: Sample[]; rejected: number; because: string[] } {
  const samples: Sample[] = []
  const because = new Set<string>()
  let rejected = 0
  for (const metric of group.items) {
    const why = refusal(metric)
    if (why !== null) {
      rejected += metric.points.length
      because.add(`${metric.name.slice(0, 100)}: ${why}`)
      continue
    }
    for (const point of metric.points as OtlpPoint[]) {
      const atMs = Math.min(point.atMs ?? now.getTime(), now.getTime())
      if (!point.recorded) continue
      if (samples.length >= mostSamples) {
        rejected++
        because.add(`one request may make ${mostSamples} samples`)
        continue
      }
      if (atMs < now.getTime() - oldMs) {
        rejected++
        because.add(`${metric.name.slice(0, 100)}: a point is older than a day`)
      } else samples.push(...samplesOfPoint(metric, point, labelsOf(point.attributes, from), atMs))
    }
  }
  return { samples, rejected, because: [...because] }
}

function refusal(metric: OtlpMetric): string | null {
  if (metric.name === '') return 'a metric without a name'
  if (metric.kind === 'none') return 'a metric without data of a known kind'
  if ('temporality' in metric && metric.temporality === 'unspecified') return 'its temporality is not said (delta or cumulative)'
  if (metric.kind === 'exponential' && metric.points.some((point) => point.negative.counts.some((count) => count > 0))) return 'an exponential histogram with negative values has no classic form'
  if (metric.kind === 'exponential' && metric.points.some((point) => point.positive.counts.length > mostPowers)) return `an exponential histogram has ${mostPowers} buckets at most`
  if (metric.kind === 'histogram' && metric.points.some((point) => point.counts.length > 0 && (point.counts.length !== point.bounds.length + 1 || point.counts.length > mostBounds))) return `a histogram needs one count more than bounds, and ${mostBounds} at most`
  return null
}

function samplesOfPoint(metric: OtlpMetric, point: OtlpPoint, labels: Labels, atMs: number): Sample[] {
  const name = nameOf(metric)
  const sample = (suffix: string, more: Labels, kind: SeriesKind, value: number): Sample => ({ name: `${name}${suffix}`, labels: { ...labels, ...more }, kind, atMs, value })
  const kind: SeriesKind = 'temporality' in metric && metric.temporality === 'delta' ? 'delta' : 'counter'
  switch (metric.kind) {
    case 'gauge': return [sample('', {}, 'gauge', (point as OtlpMetric['points'][number] & { value: number }).value)]
    case 'sum': return [sample('', {}, kind === 'counter' && !metric.monotonic ? 'gauge' : kind, (point as OtlpMetric['points'][number] & { value: number }).value)]
    case 'histogram': return histogram(point as OtlpHistogramPoint, bucketsOf(point as OtlpHistogramPoint), kind, sample)
    case 'exponential': return histogram(point as OtlpExponentialPoint, powersOfTwo(point as OtlpExponentialPoint), kind, sample)
    case 'summary': {
      const { quantiles, count, sum } = point as (typeof metric)['points'][number]
      return [...quantiles.map(({ quantile, value }) => sample('', { quantile: String(quantile) }, 'gauge', value)), sample('_count', {}, 'counter', count), sample('_sum', {}, 'counter', sum)]
    }
    default: return []
  }
}

type Bucket = { le: string; count: number }

function histogram({ count, sum }: { count: number; sum: number | null }, buckets: Bucket[], kind: SeriesKind, sample: (suffix: string, more: Labels, kind: SeriesKind, value: number) => Sample): Sample[] {
  return [...buckets.map(({ le, count: below }) => sample('_bucket', { le }, kind, below)), sample('_count', {}, kind, count), ...(sum === null ? [] : [sample('_sum', {}, kind, sum)])]
}

/** Each with all below it, as Prometheus counts. */
function bucketsOf({ bounds, counts, count }: OtlpHistogramPoint): Bucket[] {
  let below = 0
  return [...bounds.map((bound, at) => ({ le: String(bound), count: (below += counts[at] ?? 0) })), { le: '+Inf', count }]
}

/**
 * A bucket of scale s and index i reaches to 2^((i+1)/2^s), so that those of a scale from 0 on lie whole within a power of two; these are
 * the same whatever scale the sender changes to.
 */
export function powersOfTwo({ scale, zeroCount, positive, count }: OtlpExponentialPoint): Bucket[] {
  const byPower = new Map<number, number>()
  positive.counts.forEach((each, at) => {
    const power = scale >= 0 ? Math.floor((positive.offset + at) / 2 ** scale) + 1 : (positive.offset + at + 1) * 2 ** -scale
    if (each > 0) byPower.set(power, (byPower.get(power) ?? 0) + each)
  })
  const powers = [...byPower.keys()].sort((a, b) => a - b)
  let below = zeroCount
  const buckets = powers.slice(0, mostBounds).flatMap((power) => {
    const lower = byPower.has(power - 1) ? [] : [{ le: String(2 ** (power - 1)), count: below }]
    below += byPower.get(power) ?? 0
    return [...lower, { le: String(2 ** power), count: below }]
  })
  return [...buckets, { le: '+Inf', count }]
}

export function nameOf(metric: Pick<OtlpMetric, 'name' | 'unit'> & { kind: string; monotonic?: boolean }): string {
  const plain = plainName(metric.name.startsWith('nightshift') ? `exported_${metric.name}` : metric.name) // names of ours are ours
  const unit = Object.hasOwn(unitWords, metric.unit) ? unitWords[metric.unit] : undefined
  const named = unit === undefined || plain.endsWith(`_${unit}`) || plain.includes(`_${unit}_`) ? plain : `${plain}_${unit}`
  return metric.kind === 'sum' && metric.monotonic === true && !named.endsWith('_total') ? `${named}_total` : named
}

function labelsOf(attributes: OtlpAttributes, from: OtlpSender): Labels {
  return identityLabels(Object.fromEntries(Object.entries(attributes).slice(0, 24).map(([name, value]) => [name, textOf(value)])), from)
}

function textOf(value: OtlpValue): string {
  return labelText(typeof value === 'string' ? value : value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value))
}
