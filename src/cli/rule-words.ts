import type { Rule, RuleTrial } from '#contract/alerting.ts'
import type { Cli } from './context.ts'
import { harmless } from './output.ts'
import { since, when } from './times.ts'
import { plural } from './words.ts'

export function printRule(cli: Cli, rule: Rule): void {
  const { out } = cli
  out.line(`${out.paint('bold', rule.title)}  ${out.paint('dim', `${rule.id}, ${rule.severity}${rule.mode === 'off' ? ', off' : ''}${rule.origin === 'manifest' ? ', of the manifest' : ''}`)}`)
  out.line(`  ${rule.about}`)
  if (rule.scope !== null) out.line(`  only ${rule.scope}`)
  for (const one of rule.states) out.line(`  ${out.paint(one.state === 'firing' ? 'red' : 'yellow', one.state)} ${harmless(one.series) || 'all'} for ${since(one.since, cli.now())}: ${harmless(one.because)}`)
  if (rule.states.length === 0) out.line('  quiet')
}

export function printTrial(cli: Cli, trial: RuleTrial): void {
  const { out } = cli
  const now = cli.now()
  const fired = trial.series.filter((one) => one.fired.length > 0)
  if (trial.series.length === 0) return out.line(`No series: nothing was measured since ${when(trial.since, now, true)}`)
  const times = fired.reduce((sum, one) => sum + one.fired.length, 0)
  out.line(`${times === 0 ? 'It would not have fired' : `It would have fired ${plural(times, 'time')}`}, in ${plural(trial.series.length + trial.more, 'series', 'series')} since ${when(trial.since, now, true)}`)
  for (const one of fired)
    for (const each of one.fired) out.line(`  ${when(each.from, now, true)}  ${each.to === null ? 'until now' : `for ${since(each.from, new Date(each.to))}`}  ${harmless(one.series) || 'all'}: ${harmless(each.because)}`)
}

/** `on`, `off`, `off, on again in 2 h`. A control that is older does not tell until when. */
export function modeWords({ mode, offUntil }: { mode: string; offUntil?: string | null }, now: Date): string {
  const until = when(offUntil, now)
  return until === null ? mode : `${mode}, on again ${until}`
}
