/** A rule as it is written in a file: YAML or JSON, durations as people write them (`window: 5m` is `windowMs: 300000`), a search of logs in place of a metric. */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { messageOf } from '#base/errors.ts'
import type { CallInput } from '#contract/endpoints.ts'
import { ruleFromText } from '#contract/rule-text.ts'
import type { Cli } from './context.ts'
import { UsageError } from './errors.ts'
import { unreadable } from './unreadable.ts'

export type RuleInput = CallInput<'rules.put'>['body']

export async function readRuleFile(cli: Cli, file: string): Promise<RuleInput> {
  const { parse } = await import('yaml')
  try {
    const value: unknown = parse(await readFile(resolve(cli.io.cwd, file), 'utf8'))
    if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new UsageError('it must be a map with title, measure, condition and summary (see docs/alerts.md)')
    return ruleFromText(value) as RuleInput
  } catch (error) {
    throw new UsageError((error as NodeJS.ErrnoException).syscall === undefined ? `${file}: ${messageOf(error).split('\n')[0]}` : unreadable(file, error))
  }
}
