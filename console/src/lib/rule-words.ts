/** What a rule and its trial say, in words and numbers. Pure. */
import type { Condition, RuleSpec, RuleTrial } from '#contract/alerting.ts'
import { formatMetric } from '#contract/metric-words.ts'
import { formatShare, plural } from './numbers.ts'

/** The kinds of conditions, as they are chosen. */
export const conditionKinds: readonly { kind: Condition['kind']; title: string; about: string }[] = [
  { kind: 'threshold', title: 'A threshold is crossed', about: 'The value itself is compared.' },
  { kind: 'absence', title: 'It goes silent', about: 'A series that had values within the last day has none, or there is none at all.' },
  { kind: 'change', title: 'It changes fast', about: 'The value is compared with the one of some time before.' },
  { kind: 'unusual', title: 'It is unusual for the hour', about: 'It is far from the median of the same hour of other days; with fewer than three of them it is silent.' },
  { kind: 'forecast', title: 'It will cross by its trend', about: 'The line through the last hours gets there in time, or the value is there already.' },
]

type Judged = Pick<RuleSpec, 'measure' | 'per' | 'condition'>

/** How the values of a rule's trial are written. */
export function formatOf({ measure, per, condition }: Judged): (value: number) => string {
  if (condition.kind === 'absence') return (value) => (value === 1 ? 'there' : 'none')
  if (condition.kind === 'change' && condition.unit === 'percent') return (value) => `${Number(value.toPrecision(3))} %`
  return per === null ? (value) => formatMetric(value, measure.metric, measure.fn) : (value) => (value < 0 ? `\u2212${formatShare(-value)}` : formatShare(value))
}

const spanWords = (hours: number) => (hours <= 48 ? `${hours} hours` : `${Math.round(hours / 24)} days`)

/** How often it would have fired. */
export function trialWords({ series, more }: RuleTrial, hours: number): string {
  const past = `in the last ${spanWords(hours)}`
  if (series.length === 0) return `Nothing was measured ${past}: it would have been silent.`
  const fired = series.filter((one) => one.fired.length > 0)
  const times = fired.reduce((sum, one) => sum + one.fired.length, 0)
  const all = series.length + more
  if (times === 0) return `It would not have fired ${past}; ${plural(all, 'series was', 'series were')} looked at.`
  const least = more > 0 && fired.length === series.length ? 'at least ' : ''
  return `It would have fired ${least}${plural(times, 'time')} ${past}, for ${least}${fired.length} of ${plural(all, 'series', 'series')}.`
}

/** `shop/web`, `the machine n1, device sda`, or all of them together. */
export const seriesName = (series: string): string => (series === '' ? 'all together' : series.split(',').map((part) => part.slice(part.indexOf('=') + 1) || '–').join(' '))
