/** Cloudkick's comparators over the metrics of a run: `load1 GT 4 warn`. Pure. */
import { type CheckMetric, type CheckStatus, type Comparator, checkStatuses, comparators } from '#contract/checks.ts'

export type Criterion = { metric: string; comparator: Comparator; value: string; status: 'warn' | 'err' }

/** Undefined for what is none. */
export function parseCriterion(text: string): Criterion | undefined {
  const [metric, comparator, value, status = 'err', more] = text.trim().split(/\s+/)
  if (metric === undefined || value === undefined || more !== undefined || (status !== 'warn' && status !== 'err')) return undefined
  const known = comparators.find((one) => one === comparator)
  return known && { metric, comparator: known, value, status }
}

/** Numbers compare as numbers, everything else as text for EQ and NEQ; an order between what is no number never holds. */
export function holds(left: number | string, comparator: Comparator, right: string): boolean {
  const a = numberOf(left)
  const b = numberOf(right)
  if (comparator === 'EQ') return a !== null && b !== null ? a === b : String(left) === right
  if (comparator === 'NEQ') return !holds(left, 'EQ', right)
  if (a === null || b === null) return false
  if (comparator === 'GT') return a > b
  if (comparator === 'LT') return a < b
  return comparator === 'GTE' ? a >= b : a <= b
}

function numberOf(value: number | string): number | null {
  if (typeof value === 'number') return Number.isNaN(value) ? null : value
  const number = Number(value)
  return value.trim() === '' || Number.isNaN(number) ? null : number
}

export type Judged = { status: CheckStatus; message: string }

/** The gravest of what the run said and what its criteria say; a metric that is missing is a warning, so that a typo shows. */
export function judge(said: Judged, metrics: readonly CheckMetric[], criteria: readonly string[]): Judged {
  let worst = said
  for (const text of criteria) {
    const criterion = parseCriterion(text)
    if (!criterion) continue
    const metric = metrics.find(({ name }) => name === criterion.metric)
    const found: Judged | null = metric === undefined
      ? { status: 'warn', message: `there is no metric ${criterion.metric}, which ${text} looks at` }
      : holds(metric.value, criterion.comparator, criterion.value) ? { status: criterion.status, message: `${metric.name} is ${metric.value} (${text})` } : null
    if (found && rank(found.status) > rank(worst.status)) worst = found
  }
  return worst
}

export const rank = (status: CheckStatus): number => checkStatuses.indexOf(status)
