import { type Raw, attributesOf, list, number, numbers, record, text, timeMs } from './values.ts'
import type { OtlpMetric, OtlpNumberPoint, OtlpPoint } from './model.ts'

/** `no recorded value`, of DataPointFlags */
const notRecorded = 1

export function metric(raw: Raw): OtlpMetric {
  return { name: text(raw.name), description: text(raw.description), unit: text(raw.unit), ...data(raw) }
}

type Data = OtlpMetric extends infer Each ? (Each extends OtlpMetric ? Omit<Each, 'name' | 'description' | 'unit'> : never) : never

function data(raw: Raw): Data {
  if (raw.gauge !== undefined) return { kind: 'gauge', points: list(record(raw.gauge).dataPoints).map(numberPoint) }
  if (raw.sum !== undefined) {
    const sum = record(raw.sum)
    return { kind: 'sum', temporality: temporality(sum), monotonic: sum.isMonotonic === true, points: list(sum.dataPoints).map(numberPoint) }
  }
  if (raw.histogram !== undefined) {
    const histogram = record(raw.histogram)
    return { kind: 'histogram', temporality: temporality(histogram), points: list(histogram.dataPoints).map((one) => ({ ...point(one), ...total(one), bounds: numbers(one.explicitBounds), counts: numbers(one.bucketCounts) })) }
  }
  if (raw.exponentialHistogram !== undefined) {
    const histogram = record(raw.exponentialHistogram)
    const points = list(histogram.dataPoints).map((one) => ({ ...point(one), ...total(one), scale: number(one.scale), zeroCount: number(one.zeroCount), positive: buckets(one.positive), negative: buckets(one.negative) }))
    return { kind: 'exponential', temporality: temporality(histogram), points }
  }
  if (raw.summary !== undefined) {
    const points = list(record(raw.summary).dataPoints).map((one) => ({ ...point(one), count: number(one.count), sum: number(one.sum), quantiles: list(one.quantileValues).map((each) => ({ quantile: number(each.quantile), value: number(each.value) })) }))
    return { kind: 'summary', points }
  }
  return { kind: 'none', points: [] }
}

function point(raw: Raw): OtlpPoint {
  return { attributes: attributesOf(raw.attributes), startMs: timeMs(raw.startTimeUnixNano), atMs: timeMs(raw.timeUnixNano), recorded: (number(raw.flags) & notRecorded) === 0 }
}

function numberPoint(raw: Raw): OtlpNumberPoint {
  return { ...point(raw), value: number(raw.asDouble ?? raw.asInt) }
}

function total(raw: Raw): { count: number; sum: number | null } {
  return { count: number(raw.count), sum: raw.sum === undefined || raw.sum === null ? null : number(raw.sum) }
}

function buckets(raw: unknown): { offset: number; counts: number[] } {
  return { offset: number(record(raw).offset), counts: numbers(record(raw).bucketCounts) }
}

/** As JSON writes enums too: numbers by the specification, names by some senders. */
function temporality(raw: Raw): 'delta' | 'cumulative' | 'unspecified' {
  const given = raw.aggregationTemporality
  if (given === 1 || given === 'AGGREGATION_TEMPORALITY_DELTA') return 'delta'
  return given === 2 || given === 'AGGREGATION_TEMPORALITY_CUMULATIVE' ? 'cumulative' : 'unspecified'
}
