/** A rule while it is written: every field as text → the rule that it says, or what is still missing. Pure. */
import { messageOf } from '#base/errors.ts'
import type { Comparator, Condition, Measure, RuleSpec } from '#contract/alerting.ts'
import { parseWhere, whereText } from '#contract/label-conditions.ts'
import { type MetricUnit, logLinesMetric, unitOf, usualFn } from '#contract/metric-words.ts'
import type { MetricName } from '#contract/metrics.ts'
import { nameOf } from './graphs.ts'
import { listOf, numberOf, numberText, spanOf, spanText } from './typed.ts'

export type Fn = Measure['fn']
/** Every series by itself, one for each of some labels, or all of them as one. */
export type Grouping = 'each' | 'by' | 'one'
/** `logs`: the search, of lines of logs. `given`: what `where` was written from; a value with a comma cannot be typed, and stays while the text does. */
export type MeasureText = { metric: string; logs: string; fn: Fn | ''; grouping: Grouping; by: string; where: string; given: Measure['where'] }
export type RuleText = {
  title: string; measure: MeasureText; isShare: boolean; per: MeasureText; perAtLeast: string; window: string; scope: string
  kind: Condition['kind']; is: Comparator; value: string; over: string; unit: 'absolute' | 'percent'; days: string; side: 'above' | 'below' | 'both'; factor: string; from: string; within: string
  for: string; keepFiring: string; severity: RuleSpec['severity']; summary: string; wayOut: string; source: string | null
}

const noMeasure: MeasureText = { metric: '', logs: '', fn: '', grouping: 'each', by: '', where: '', given: {} }
export const emptyRule: RuleText = {
  title: '', measure: noMeasure, isShare: false, per: noMeasure, perAtLeast: '', window: '5m', scope: '',
  kind: 'threshold', is: '>', value: '', over: '1h', unit: 'percent', days: '1, 2, 3, 4, 5, 6, 7', side: 'both', factor: '5', from: '6h', within: '24h',
  for: '5m', keepFiring: '', severity: 'warning', summary: '', wayOut: '', source: null,
}

const measureText = ({ metric, logs = '', fn, by, where }: Measure): MeasureText => ({ metric, logs, fn, grouping: by === undefined ? 'each' : by.length === 0 ? 'one' : 'by', by: (by ?? []).join(', '), where: whereText(where), given: where })

export function textOf(spec: RuleSpec): RuleText {
  const { condition: { kind, ...condition }, measure, per, perAtLeast } = spec
  const unit = valueUnit(spec)
  return {
    ...emptyRule, title: spec.title, measure: measureText(measure), isShare: per !== null, per: per === null ? noMeasure : measureText(per), perAtLeast: perAtLeast === null ? '' : String(perAtLeast),
    window: spanText(spec.windowMs), scope: spec.scope ?? '', kind,
    ...('is' in condition ? { is: condition.is, value: 'unit' in condition && condition.unit === 'percent' ? `${condition.value}%` : numberText(condition.value, unit) } : {}),
    ...('overMs' in condition ? { over: spanText(condition.overMs), unit: condition.unit } : {}),
    ...('factor' in condition ? { days: condition.days.join(', '), side: condition.side, factor: String(condition.factor) } : {}),
    ...('fromMs' in condition ? { from: spanText(condition.fromMs), within: spanText(condition.withinMs) } : {}),
    for: spanText(spec.forMs), keepFiring: spanText(spec.keepFiringMs), severity: spec.severity, summary: spec.summary, wayOut: spec.wayOut ?? '', source: spec.source,
  }
}

/** What its values are; what it is compared with is typed in the same. */
export function valueUnit({ measure, per }: Pick<RuleSpec, 'measure' | 'per'>): MetricUnit {
  if (per !== null) return 'share'
  const unit = unitOf(measure.metric)
  return unit === 'seconds' && measure.fn === 'rate' ? 'count' : unit
}

class Missing extends Error {}
const missing = (what: string): never => {
  throw new Missing(what)
}

export type Written = { spec: RuleSpec; missing: null } | { spec: null; missing: string }

export function specOf(text: RuleText, names: readonly MetricName[]): Written {
  try {
    return { spec: written(text, names), missing: null }
  } catch (error) {
    if (error instanceof Missing) return { spec: null, missing: error.message }
    throw error
  }
}

/** What it watches, before it is said when it fires: a rule that never does. Null while there is no metric. */
export const watchedOf = (text: RuleText, names: readonly MetricName[]): RuleSpec | null => specOf({ ...text, kind: 'threshold', is: '>', value: String(Number.MAX_VALUE) }, names).spec

function written(text: RuleText, names: readonly MetricName[]): RuleSpec {
  const measure = measureOf(text.measure, names, 'choose a metric')
  const per = text.isShare ? measureOf(text.per, names, 'choose what it is divided by') : null
  const title = text.title.trim() || `${measure.metric.replace(/^nightshift_/, '').replaceAll('_', ' ')}`
  const windowMs = span(text.window, 'the time that a value is of', '5m')
  if (windowMs !== 0 && (windowMs < 60_000 || windowMs > 86_400_000)) missing('a value is of one minute at least and of a day at most (1m to 24h)')
  return {
    title, measure, per, perAtLeast: per === null || text.perAtLeast.trim() === '' ? null : number(text.perAtLeast, 'the least that it is divided by'),
    windowMs: windowMs === 0 ? missing('say of how long a value is, such as 5m') : windowMs, scope: text.scope.trim() || null, condition: conditionOf(text),
    forMs: span(text.for, 'for how long it must hold', '10m'), keepFiringMs: span(text.keepFiring, 'for how long it goes on', '10m'), severity: text.severity,
    summary: text.summary.trim() || (text.kind === 'absence' ? `${measure.metric} of {place} has no value` : measure.metric === logLinesMetric ? '{value} log lines of {place} match' : `${measure.metric} of {place} is {value}`), wayOut: text.wayOut.trim() || null, source: text.source,
  }
}

function measureOf({ metric, logs, fn, grouping, by, where, given }: MeasureText, names: readonly MetricName[], otherwise: string): Measure {
  const name = metric.trim()
  if (name === '') missing(otherwise)
  const labels = listOf(by)
  if (grouping === 'by' && labels.length === 0) missing('say the labels that tell series apart')
  const known = nameOf(name, names)
  return { metric: name, ...(name === logLinesMetric ? { logs: logs.trim() } : {}), fn: fn === '' ? usualOf(known, name) : fn, where: where === whereText(given) ? given : conditionsOf(where), ...(grouping === 'each' ? {} : { by: grouping === 'one' ? [] : labels }) }
}

const fns: readonly Fn[] = ['avg', 'min', 'max', 'sum', 'last', 'rate', 'increase', 'p50', 'p90', 'p95', 'p99']

/** What stands in an address: a graph's line, or a search of lines. */
export function measureFrom({ metric = '', logs = '', fn, where = '', by }: { metric?: string; logs?: string; fn?: string; where?: string; by?: string }): MeasureText {
  const grouping = by !== undefined ? 'by' : metric === '' || metric === logLinesMetric ? 'each' : 'one'
  return { ...noMeasure, metric, logs, fn: fns.find((one) => one === fn) ?? '', where, grouping, by: by ?? '' }
}

export const countsLines = ({ metric }: Pick<MeasureText, 'metric'>): boolean => metric.trim() === logLinesMetric

/** Of counted lines, none is 0: there is no silence, and what is counted as it is asked for has no past of days. */
export function kindsOf({ measure, per, isShare }: RuleText): readonly Condition['kind'][] {
  return countsLines(measure) || (isShare && countsLines(per)) ? ['threshold', 'change'] : ['threshold', 'absence', 'change', 'unusual', 'forecast']
}

/** The same with another part; a kind of condition that it cannot have any more becomes a threshold. */
export function changed(text: RuleText, part: Partial<RuleText>): RuleText {
  const next = { ...text, ...part }
  return part.kind !== undefined || kindsOf(next).includes(next.kind) ? next : { ...next, kind: 'threshold' }
}

export const usualOf = (known: MetricName | undefined, name: string): Fn => (countsLines({ metric: name }) ? 'increase' : known === undefined ? 'avg' : known.name === name ? usualFn(known.name, known.kind) : 'p95')

/** A single value stays single, so that what is written is what was read. */
function conditionsOf(text: string): Measure['where'] {
  try {
    return Object.fromEntries(Object.entries(parseWhere(listOf(text).join(','))).map(([label, values]) => [label, values.length === 1 ? (values[0] as string) : values]))
  } catch (error) {
    return missing(messageOf(error))
  }
}

function conditionOf(text: RuleText): Condition {
  const value = () => number(text.kind === 'change' && text.unit === 'percent' ? text.value.replace(/\s*%\s*$/, '') : text.value, 'the value it is compared with')
  switch (text.kind) {
    case 'threshold':
      return { kind: 'threshold', is: text.is, value: value() }
    case 'absence':
      return { kind: 'absence' }
    case 'change':
      return { kind: 'change', overMs: span(text.over, 'the time before', '1h'), is: text.is, value: value(), unit: text.unit }
    case 'unusual':
      return { kind: 'unusual', days: listOf(text.days).map((day) => number(day, 'a day before')), side: text.side, factor: number(text.factor, 'the factor') }
    case 'forecast':
      return { kind: 'forecast', fromMs: span(text.from, 'the time that the trend is of', '6h'), withinMs: span(text.within, 'the time ahead', '24h'), is: text.is, value: value() }
  }
}

const span = (text: string, what: string, such: string): number => spanOf(text) ?? missing(`${what} is a time such as ${such}`)
const number = (text: string, what: string): number => numberOf(text) ?? missing(text.trim() === '' ? `say ${what}` : `${what} is a number`)
