/** A PromQL condition → what our rules read, where they can. What they cannot is refused with the reason. Pure. */
import type { Comparator, Condition, Measure } from '#contract/alerting.ts'
import { type Expr, type Matcher, Unsupported, parsePromql } from './promql.ts'

export type Translated = { measure: Measure; per: Measure | null; windowMs: number; condition: Condition }

/** Prometheus looks so far back for the newest value. */
const lookbackMs = 5 * 60_000
const shortestMs = 60_000
const flipped: Record<string, Comparator> = { '>': '<', '>=': '<=', '<': '>', '<=': '>=', '==': '==', '!=': '!=' }

const refuse = (because: string): never => {
  throw new Unsupported(because)
}

export function translate(text: string): Translated {
  const expr = parsePromql(text)
  if (expr.is === 'call' && expr.fn === 'absent') return absence(expr.args[0])
  if (expr.is !== 'binary' || !(expr.op in flipped)) return refuse('it is no comparison of a value with a number')
  const { left, right, op } = expr
  if (right.is === 'number') return compared(left, op as Comparator, right.value)
  if (left.is === 'number') return compared(right, flipped[op] as Comparator, left.value)
  return refuse('two metrics are compared (write their quotient or difference, and compare that with a number)')
}

function absence(of: Expr | undefined): Translated {
  if (of?.is !== 'vector' || of.offsetMs !== 0) return refuse('absent is of something other than a metric')
  return { measure: { metric: of.metric, where: whereOf(of.matchers), fn: 'last' }, per: null, windowMs: lookbackMs, condition: { kind: 'absence' } }
}

function compared(expr: Expr, op: Comparator, value: number): Translated {
  if (expr.is === 'call' && expr.fn === 'predict_linear') return forecast(expr.args, op, value)
  if (expr.is === 'call' && expr.fn === 'delta') return delta(expr.args[0], op, value)
  const change = expr.is === 'binary' ? changeOf(expr, op, value) : null
  if (change !== null) return change
  const { of, factor, plus } = linear(expr)
  if (factor === 0) return refuse('it is multiplied by 0')
  const bound = (value - plus) / factor
  const is = factor < 0 ? (flipped[op] as Comparator) : op
  if (of.is !== 'binary') return { ...measureOf(of), per: null, condition: { kind: 'threshold', is, value: rounded(bound) } }
  const [top, per] = [measureOf(of.left), measureOf(of.right)]
  if (top.windowMs !== per.windowMs) return refuse('the two measures are over different times')
  return { measure: top.measure, per: per.measure, windowMs: top.windowMs, condition: { kind: 'threshold', is, value: rounded(bound) } }
}

/** Without the dust of binary fractions: 0.9 × 100 is 90. */
const rounded = (value: number) => Number(value.toPrecision(12))

/** `factor × of + plus`; `of` is a measure or a quotient of two. */
function linear(expr: Expr): { of: Exclude<Expr, { is: 'number' }>; factor: number; plus: number } {
  if (expr.is === 'number') return refuse('two numbers are compared')
  if (expr.is !== 'binary') return { of: expr, factor: 1, plus: 0 }
  const { op, left, right } = expr
  if (right.is === 'number') {
    const inner = linear(left)
    if (op === '*') return { of: inner.of, factor: inner.factor * right.value, plus: inner.plus * right.value }
    if (op === '/') return { of: inner.of, factor: inner.factor / right.value, plus: inner.plus / right.value }
    return { ...inner, plus: inner.plus + (op === '-' ? -right.value : right.value) }
  }
  if (left.is === 'number' && op !== '/') {
    const inner = linear(right)
    if (op === '*') return { of: inner.of, factor: inner.factor * left.value, plus: inner.plus * left.value }
    const sign = op === '-' ? -1 : 1
    return { of: inner.of, factor: sign * inner.factor, plus: sign * inner.plus + left.value }
  }
  if (op !== '/') return refuse(`"${op}" between two metrics cannot be expressed`)
  const [top, per] = [linear(left), linear(right)]
  if (top.plus !== 0 || per.plus !== 0 || top.of.is === 'binary' || per.of.is === 'binary') return refuse('only a quotient of two plain measures can be expressed')
  return { of: { is: 'binary', op: '/', left: top.of, right: per.of }, factor: top.factor / per.factor, plus: 0 }
}

/** `x - x offset 1h`, `x / x offset 1h`. */
function changeOf({ op, left, right }: Extract<Expr, { is: 'binary' }>, is: Comparator, value: number): Translated | null {
  if (left.is !== 'vector' || right.is !== 'vector' || right.offsetMs === 0 || left.offsetMs !== 0 || left.metric !== right.metric || JSON.stringify(left.matchers) !== JSON.stringify(right.matchers)) return null
  const measured = measureOf(left)
  const over = { kind: 'change' as const, overMs: right.offsetMs, is }
  if (op === '-') return { ...measured, per: null, condition: { ...over, value, unit: 'absolute' } }
  return op === '/' ? { ...measured, per: null, condition: { ...over, value: rounded((value - 1) * 100), unit: 'percent' } } : null
}

function delta(of: Expr | undefined, is: Comparator, value: number): Translated {
  if (of?.is !== 'matrix') return refuse('delta is of something other than a metric over a time')
  return { ...measureOf(of.vector), per: null, condition: { kind: 'change', overMs: of.rangeMs, is, value, unit: 'absolute' } }
}

function forecast([of, seconds]: readonly Expr[], is: Comparator, value: number): Translated {
  if (of?.is !== 'matrix' || seconds?.is !== 'number') return refuse('predict_linear is of something other than a metric over a time')
  return { ...measureOf(of.vector), per: null, condition: { kind: 'forecast', fromMs: of.rangeMs, withinMs: seconds.value * 1000, is, value } }
}

type Measured = { measure: Measure; windowMs: number }

/** One number a series. */
function measureOf(expr: Expr): Measured {
  if (expr.is === 'vector') return plain(expr, 'last', lookbackMs)
  if (expr.is === 'call' && expr.fn === 'histogram_quantile') return quantile(expr.args)
  if (expr.is === 'call') {
    const fn = overTime[expr.fn] ?? refuse(`${expr.fn} cannot be expressed`)
    const [of] = expr.args
    return of?.is === 'matrix' ? plain(of.vector, fn, of.rangeMs) : refuse(`${expr.fn} is of something other than a metric over a time`)
  }
  if (expr.is === 'aggregate') return aggregate(expr)
  return refuse('it is no measure that can be expressed')
}

const overTime: Record<string, Measure['fn']> = { rate: 'rate', increase: 'increase', avg_over_time: 'avg', min_over_time: 'min', max_over_time: 'max', last_over_time: 'last' }

function plain({ metric, matchers, offsetMs }: Extract<Expr, { is: 'vector' }>, fn: Measure['fn'], windowMs: number): Measured {
  if (offsetMs !== 0) return refuse('an offset stands elsewhere than in a difference or quotient with the same metric')
  return { measure: { metric, where: whereOf(matchers), fn }, windowMs }
}

/** Which folds of ours are a fold over time and one over series together. */
const together: Record<string, Partial<Record<Measure['fn'], Measure['fn']>>> = {
  sum: { rate: 'rate', increase: 'increase', last: 'last', avg: 'sum' },
  avg: { avg: 'avg' },
  min: { min: 'min' },
  max: { max: 'max' },
}

function aggregate({ op, by, of }: Extract<Expr, { is: 'aggregate' }>): Measured {
  const inner = measureOf(of)
  if (inner.measure.by !== undefined) return refuse('an aggregation stands in an aggregation')
  // of the newest values of all series: in the shortest window that is much the same
  if (of.is === 'vector' && op !== 'sum' && op in together) return { measure: { ...inner.measure, fn: op as Measure['fn'], by: [...by] }, windowMs: shortestMs }
  const fn = together[op]?.[inner.measure.fn] ?? refuse(`${op} of ${inner.measure.fn} cannot be expressed`)
  return { measure: { ...inner.measure, fn, by: [...by] }, windowMs: inner.windowMs }
}

function quantile([share, of]: readonly Expr[]): Measured {
  const fn = share?.is === 'number' ? ({ 0.5: 'p50', 0.9: 'p90', 0.95: 'p95', 0.99: 'p99' } as const)[share.value] : undefined
  if (fn === undefined) return refuse('only the quantiles 0.5, 0.9, 0.95 and 0.99 are there')
  const inner = of === undefined ? refuse('histogram_quantile lacks its histogram') : measureOf(of)
  if ((inner.measure.fn !== 'rate' && inner.measure.fn !== 'increase') || !inner.measure.metric.endsWith('_bucket')) return refuse('histogram_quantile is of something other than the rate of a histogram')
  const { by, ...measure } = inner.measure
  return { measure: { ...measure, metric: measure.metric.slice(0, -'_bucket'.length), fn, ...(by === undefined ? {} : { by: by.filter((label) => label !== 'le') }) }, windowMs: inner.windowMs }
}

function whereOf(matchers: readonly Matcher[]): Record<string, string | string[]> {
  return Object.fromEntries(matchers.map(({ label, op, value }) => {
    if (op === '=') return value.includes('*') ? refuse(`${label}="${value}" holds a *, which stands for any text here`) : [label, value]
    if (op === '=~') return [label, valuesOf(label, value)]
    return refuse(`the matcher ${label}${op}"${value}" cannot be expressed (only what a label is, not what it is not)`)
  }))
}

/** `a|b.*` → a, b*. Any other regular expression is refused. */
function valuesOf(label: string, pattern: string): string | string[] {
  const whole = /^\(([^()]*)\)$/.exec(pattern)?.[1] ?? pattern
  const values = whole.split('|').map((part) => {
    const text = part.replaceAll('.*', '\0').replaceAll(/\\([.\-/])/g, '$1')
    if (/[\\^$+?()[\]{}*]/.test(text) || part.replaceAll('.*', '').replaceAll(/\\[.\-/]/g, '').includes('.')) return refuse(`the pattern ${label}=~"${pattern}" cannot be expressed (words, | and .* can)`)
    return text.replaceAll('\0', '*')
  })
  return values.length === 1 ? (values[0] as string) : values
}
