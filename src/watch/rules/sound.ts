/** What is wrong with a rule that its schema cannot say. Pure. */
import { AppError } from '#base/errors.ts'
import { formatDuration } from '#base/units.ts'
import type { Measure, RuleSpec } from '#contract/alerting.ts'
import { logLinesMetric } from '#contract/metric-words.ts'
import { parseQuery as parseLogQuery } from '#watch/logs/query/parser.ts'
import { parseQuery } from '#watch/selectors/parse.ts'
import { logPlaces } from './model.ts'

/** Throws `invalid`. */
export function assertSound(spec: RuleSpec): void {
  if (spec.scope !== null && parseQuery(spec.scope) === null) throw new AppError('invalid', 'the scope is an empty query, which matches nothing (leave it out to mean every series)')
  if (spec.perAtLeast !== null && spec.per === null) throw new AppError('invalid', 'perAtLeast is a bound of per, which is missing')
  if (spec.condition.kind === 'absence' && spec.per !== null) throw new AppError('invalid', 'a rule of absence looks at one measure, without per')
  for (const measure of [spec.measure, ...(spec.per === null ? [] : [spec.per])]) assertSoundMeasure(measure)
  if (countsLines(spec)) assertSoundCount(spec)
}

export const countsLines = ({ measure, per }: RuleSpec): boolean => [measure, per].some((one) => one?.metric === logLinesMetric)

function assertSoundMeasure({ metric, logs, where, fn, by = [] }: Measure): void {
  if ((metric === logLinesMetric) !== (logs !== undefined)) throw new AppError('invalid', `lines of logs are counted by the metric ${logLinesMetric} together with logs, the search that finds them`)
  if (logs === undefined) return
  parseLogQuery(logs)
  if (fn !== 'increase' && fn !== 'rate') throw new AppError('invalid', `lines of logs are counted, so there is no ${fn} of them (write fn: increase, or rate for lines a second)`)
  const other = [...Object.keys(where), ...by].find((label) => !(logPlaces as readonly string[]).includes(label))
  if (other !== undefined) throw new AppError('invalid', `lines of logs are counted by ${logPlaces.join(', ')}, and not by ${other} (the search may name it: ${other}:NAME)`)
}

function assertSoundCount({ condition, windowMs }: RuleSpec): void {
  if (condition.kind === 'absence') throw new AppError('invalid', 'no line is a count of 0, and not an absence: write { kind: threshold, is: "<", value: 1 }, and name app, environment and service in where')
  if (condition.kind !== 'threshold' && condition.kind !== 'change') throw new AppError('invalid', `a rule that counts lines of logs has a threshold or a change, and no ${condition.kind}`)
  // windows of an hour and more are looked at in fifths when the past is tried
  const unitMs = windowMs >= 25 * 60_000 ? 300_000 : 60_000
  if (windowMs % unitMs !== 0) throw new AppError('invalid', `lines of logs are counted by the minute: a window of ${formatDuration(windowMs)} must be whole ${unitMs === 60_000 ? 'minutes' : 'steps of five minutes'}`)
}
