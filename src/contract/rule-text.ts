/** A rule as people write it in a file: durations as text (`window: 5m` is `windowMs: 300000`), a search of logs in place of a metric. */
import { parseDuration } from '#base/units.ts'
import { logLinesMetric } from './metric-words.ts'

const durations = new Set(['window', 'for', 'keepFiring', 'over', 'from', 'within'])

/** Not checked against the schema of rules. Throws `invalid` for what is no duration. */
export const ruleFromText = (value: object): object => withCounts(withMilliseconds(value))

function withMilliseconds(value: object): object {
  return Object.fromEntries(
    Object.entries(value).map(([key, each]: [string, unknown]) => {
      if (durations.has(key)) return [`${key}Ms`, parseDuration(String(each))]
      return [key, each !== null && typeof each === 'object' && !Array.isArray(each) && key !== 'where' ? withMilliseconds(each) : each]
    }),
  )
}

/** `measure: { logs: … }` counts lines: its metric and function need not be written. */
function withCounts(rule: object): object {
  return Object.fromEntries(Object.entries(rule).map(([key, each]: [string, unknown]) => [key, (key === 'measure' || key === 'per') && each !== null && typeof each === 'object' && 'logs' in each ? { metric: logLinesMetric, fn: 'increase', ...each } : each]))
}
