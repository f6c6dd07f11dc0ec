/** A rule as it is written in a file: YAML or JSON, durations as people write them (`window: 5m` is `windowMs: 300000`), a search of logs in place of a metric. */
import type { CallInput } from '#contract/endpoints.ts'
import { ruleFromText } from '#contract/rule-text.ts'
import type { Cli } from './context.ts'
import { readNamedMap } from './named-file.ts'

export type RuleInput = CallInput<'rules.put'>['body']

export function readRuleFile(cli: Cli, file: string): Promise<RuleInput> {
  return readNamedMap(cli, file, 'title, measure, condition and summary (see docs/alerts.md)', (value) => ruleFromText(value) as RuleInput)
}
