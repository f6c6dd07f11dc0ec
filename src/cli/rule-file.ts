/** A rule as it is written in a file: YAML or JSON, durations as people write them (`window: 5m` is `windowMs: 300000`), a search of logs in place of a metric. */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { messageOf } from '#base/errors.ts'
import { parseDuration } from '#base/units.ts'
import { logLinesMetric } from '#contract/metric-words.ts'
import type { CallInput } from '#contract/endpoints.ts'
import type { Cli } from './context.ts'
import { UsageError } from './errors.ts'

export type RuleInput = CallInput<'rules.put'>['body']

const durations = new Set(['window', 'for', 'keepFiring', 'over', 'from', 'within'])

export async function readRuleFile(cli: Cli, file: string): Promise<RuleInput> {
  const { parse } = await import('yaml')
  try {
    const value: unknown = parse(await readFile(resolve(cli.io.cwd, file), 'utf8'))
    if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new UsageError('it must be a map with title, measure, condition and summary (see docs/alerts.md)')
    return withCounts(withMilliseconds(value)) as RuleInput
  } catch (error) {
    throw new UsageError(`${file}: ${messageOf(error)}`)
  }
}

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
