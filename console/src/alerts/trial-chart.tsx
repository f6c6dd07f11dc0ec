import type { RuleSpec, RuleTrial } from '#contract/alerting.ts'
import { unitOf } from '#contract/metric-words.ts'
import { Chart } from '../components/chart.tsx'
import { formatOf } from '../lib/rule-words.ts'

/** One series of a rule's past, with the line that it must not cross, or what is usual at each hour, and where it fired. */
export function TrialChart({ rule, trial, series, title, hours, height }: { rule: Pick<RuleSpec, 'measure' | 'per' | 'condition'>; trial: RuleTrial; series: RuleTrial['series'][number]; title: string; hours: number; height: number }) {
  const format = formatOf(rule)
  const values = series.points.map(([, value]) => value)
  const now = values.findLast((value) => value !== null)
  const lines = [
    { name: 'value', values, tone: 'accent' as const },
    ...(trial.threshold === null ? [] : [{ name: 'threshold', values: values.map(() => trial.threshold), tone: 'red-mark' as const }]),
    ...(series.usual === null ? [] : [{ name: 'usual, from', values: series.usual.map((one) => one?.[0] ?? null), tone: 'ink-soft' as const }, { name: 'to', values: series.usual.map((one) => one?.[1] ?? null), tone: 'ink-soft' as const }]),
  ]
  const markers = series.fired.map(({ from, because }) => ({ at: Date.parse(from) / 1000, label: 'fires', about: because, tone: 'red-mark' as const }))
  return (
    <Chart
      title={title} about={<span className="num">{now === undefined || now === null ? 'no value' : format(now)}</span>} times={series.points.map(([at]) => at / 1000)} lines={lines} markers={markers} format={format} height={height} minutes={hours * 60}
      bytes={rule.per === null && unitOf(rule.measure.metric) === 'bytes'} floor={trial.threshold === null ? 1e-9 : trial.threshold * 1.2}
    />
  )
}
