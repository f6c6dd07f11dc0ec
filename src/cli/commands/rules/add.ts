import { parseDuration } from '#base/units.ts'
import { metricFns } from '#contract/metrics.ts'
import { logLinesMetric } from '#contract/metric-words.ts'
import { argument, assignments, command, serverFlags, type ServerFlags, spanFlag, switchFlag, textFlag } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { UsageError } from '../../errors.ts'
import { type RuleInput, readRuleFile } from '../../rule-file.ts'
import { printRule, printTrial } from '../../rule-words.ts'

type Flags = ServerFlags & {
  file: string | undefined; metric: string | undefined; logs: string | undefined; where: readonly string[] | undefined; fn: string | undefined; by: string | undefined; window: string | undefined; above: string | undefined; below: string | undefined
  absent: boolean; for: string | undefined; scope: string | undefined; severity: string | undefined; title: string | undefined; summary: string | undefined; dryRun: boolean
}

export const rulesAdd = command({
  parameters: {
    positional: { kind: 'tuple', parameters: [argument('RULE', 'Its id: a-z, 0-9 and -')] },
    flags: {
      file: textFlag('FILE', 'The whole rule, in YAML or JSON (docs/alerts.md); else the flags below'),
      metric: textFlag('NAME', 'The metric it looks at'),
      logs: textFlag('SEARCH', 'In place of a metric: how many log lines this search finds (docs/logs.md)'),
      where: { kind: 'parsed', parse: (text: string) => text, variadic: true, optional: true, placeholder: 'LABEL=VALUE', brief: 'Only series with this label; may be given several times' },
      fn: textFlag('FN', `${metricFns.join(', ')}; default avg`),
      by: textFlag('LABELS', 'Labels that tell series apart: app,service'),
      window: spanFlag('TIME', 'The time that a value is of; default 5m'),
      above: textFlag('VALUE', 'It fires above this'),
      below: textFlag('VALUE', 'It fires below this'),
      absent: switchFlag('It fires when there is no value'),
      for: spanFlag('TIME', 'The condition must hold for so long'),
      scope: textFlag('QUERY', 'Only of what this query matches (docs/selectors.md)'),
      severity: textFlag('SEVERITY', 'critical or warning; default warning'),
      title: textFlag('TEXT', 'Its name for people'),
      summary: textFlag('TEXT', 'What an alert says; {place}, {value}, {threshold} and labels are filled in'),
      dryRun: switchFlag('Show when it would have fired in the last 24 hours, and save nothing'),
      ...serverFlags,
    },
  },
  about: 'Makes a rule, or puts it in place of the one with this id; one that comes with Nightshift can be replaced so.',
  examples: ['rules add shop-queue --metric queue_length --where app=shop --above 1000 --for 10m', "rules add shop-timeouts --logs 'level>=error timeout' --where app=shop --above 20", 'rules add slow-checkout --file rule.yml --dry-run'],
  async run(cli: Cli, flags: Flags, rule: string) {
    const body = flags.file === undefined ? ruleOf(rule, flags) : await readRuleFile(cli, flags.file)
    const { client } = await cli.connect(flags)
    if (flags.dryRun) {
      const trial = await client.call('rules.test', { body: { rule: body } })
      return flags.json ? cli.out.json(trial) : printTrial(cli, trial)
    }
    const answer = await client.call('rules.put', { params: { rule }, body })
    if (flags.json) return cli.out.json(answer)
    printRule(cli, answer)
  },
})

function ruleOf(id: string, flags: Flags): RuleInput {
  const { above, below, absent, logs } = flags
  if (flags.metric !== undefined && logs !== undefined) throw new UsageError(`a rule looks at one thing: --metric ${flags.metric} and --logs ${JSON.stringify(logs)} are two (leave one out, or make two rules)`)
  if (flags.metric === undefined && logs === undefined) throw new UsageError('the rule looks at nothing yet: give --metric NAME or --logs SEARCH, or the whole rule with --file')
  const metric = flags.metric ?? logLinesMetric
  if ([above !== undefined, below !== undefined, absent].filter(Boolean).length !== 1) throw new UsageError(`when does it fire? give one of --above, --below and --absent${[above, below, absent || undefined].some((one) => one !== undefined) ? ', not several' : ''}`)
  const number = (text: string) => (/^-?\d+(\.\d+)?(e-?\d+)?$/i.test(text) ? Number(text) : fail(`--${above === undefined ? 'below' : 'above'}: "${text}" is not a number${/^\d+(\.\d+)?%$/.test(text) ? ` (a share is written ${Number((Number(text.slice(0, -1)) / 100).toPrecision(12))})` : ' (in the unit of the metric: bytes, seconds, a share such as 0.05)'}`))
  const fn = flags.fn === undefined ? undefined : (metricFns.find((one) => one === flags.fn) ?? fail(`"${flags.fn}" is not one of ${metricFns.join(', ')}`))
  const severity = flags.severity === undefined ? undefined : (['critical', 'warning'] as const).find((one) => one === flags.severity) ?? fail(`"${flags.severity}" is not a severity; write critical or warning`)
  return {
    title: flags.title ?? id,
    summary: flags.summary ?? (logs !== undefined ? '{value} log lines of {place} match' : absent ? `${metric} of {place} has no value` : `${metric} of {place} is {value}`),
    measure: { metric, ...(logs === undefined ? {} : { logs, fn: 'increase' }), where: assignments(flags.where ?? [], '--where app=shop'), ...(fn === undefined ? {} : { fn }), ...(flags.by === undefined ? {} : { by: flags.by.split(',') }) },
    condition: absent ? { kind: 'absence' } : { kind: 'threshold', is: above === undefined ? '<' : '>', value: number((above ?? below) as string) },
    ...(flags.window === undefined ? {} : { windowMs: parseDuration(flags.window) }),
    ...(flags.for === undefined ? {} : { forMs: parseDuration(flags.for) }),
    ...(flags.scope === undefined ? {} : { scope: flags.scope }),
    ...(severity === undefined ? {} : { severity }),
  }
}

function fail(message: string): never {
  throw new UsageError(message)
}
