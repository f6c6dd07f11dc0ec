/**
 * The words of the metric store. A **series** is a name with labels and a kind; a histogram is many series, one a bucket (`_bucket{le}`),
 * as Prometheus has it, so that apps' histograms and ours are asked alike. Pure.
 */
import { AppError } from '#base/errors.ts'

/**
 * gauge: a value of the moment · counter: only rises, and begins again at 0 when its writer does · delta: what was added since the
 * sample before (many writers may tell of one series, and none keeps a total).
 */
const seriesKinds = ['gauge', 'counter', 'delta'] as const
export type SeriesKind = (typeof seriesKinds)[number]

export type Labels = Record<string, string>

export type Sample = { name: string; labels: Labels; kind: SeriesKind; /** since 1970 */ atMs: number; value: number }

export type Point = { atMs: number; value: number }

/**
 * What is known of a span of time of one series: a sample (`widthMs` 0), or the sum of several. `increase`: by how much a counter rose
 * since what came before it, with restarts of its writer taken out; of a delta what was added; of a gauge 0.
 */
export type Bucket = { atMs: number; widthMs: number; min: number; max: number; sum: number; count: number; last: number; increase: number }

export const seriesName = /^[a-zA-Z_:][a-zA-Z0-9_:]{0,199}$/
export const labelName = /^[a-zA-Z_][a-zA-Z0-9_]{0,99}$/
const maxLabels = 30
export const maxLabelChars = 300
/** Name and labels together; an index of PostgreSQL takes no more than 2704 bytes of a key that does not compress. */
const maxKeyBytes = 2_600

/** Name and labels in one text that is the same however the labels are ordered. Throws `invalid` for what is no series. */
export function seriesKey(name: string, labels: Labels): string {
  if (!seriesName.test(name)) throw new AppError('invalid', `"${name.slice(0, 80)}" is no name of a metric (letters, digits, _ and :, at most 200)`)
  const names = Object.keys(labels).sort()
  if (names.length > maxLabels) throw new AppError('invalid', `${name} has ${names.length} labels; ${maxLabels} is the most`)
  const parts = names.map((label) => {
    const value = labels[label] as string
    if (!labelName.test(label)) throw new AppError('invalid', `"${label.slice(0, 80)}" of ${name} is no name of a label (letters, digits and _, at most 100)`)
    if (value.length > maxLabelChars) throw new AppError('invalid', `the label ${label} of ${name} has ${value.length} characters; ${maxLabelChars} is the most`)
    return `${label}=${JSON.stringify(value)}`
  })
  const key = `${name}{${parts.join(',')}}`
  if (Buffer.byteLength(key) > maxKeyBytes) throw new AppError('invalid', `${name} and its labels have ${Buffer.byteLength(key)} bytes; ${maxKeyBytes} is the most`)
  return key
}

/** By how much a counter rose from one sample to the next: one that fell has begun again at 0. */
export function rise(before: number | null, value: number): number {
  if (before === null) return 0
  return value >= before ? value - before : value
}
