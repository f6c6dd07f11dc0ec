import { useQuery } from '@tanstack/react-query'
import type { Rule } from '#contract/alerting.ts'
import { Chart } from '../components/chart.tsx'
import { SkeletonBlock } from '../components/skeleton.tsx'
import { queries } from '../data/queries.ts'
import { formatCount, formatDuration, formatShare, formatSize } from '../lib/numbers.ts'

const hours = 3

/** The last hours of one series of a rule, with the line that it must not cross. */
export function RuleGraph({ rule, series }: { rule: Rule; series: string }) {
  const trial = useQuery(queries.ruleHistory(rule.id, hours)).data
  const one = trial?.series.find((each) => each.series === series)
  if (trial === undefined) return <SkeletonBlock height={130} label={`Loading the graph of ${rule.title}`} />
  if (one === undefined) return null
  const format = formatOf(rule)
  const values = one.points.map(([, value]) => value)
  const now = values.findLast((value) => value !== null)
  const lines = [{ name: 'value', values, tone: 'accent' as const }, ...(trial.threshold === null ? [] : [{ name: 'threshold', values: values.map(() => trial.threshold), tone: 'red-mark' as const }])]
  const markers = one.fired.map(({ from }) => ({ at: Date.parse(from) / 1000, label: 'fires' }))
  return <Chart title={`The last ${hours} hours`} about={<span className="num">{now === undefined || now === null ? 'no value' : format(now)}</span>} times={one.points.map(([at]) => at / 1000)} lines={lines} markers={markers} format={format} height={130} minutes={hours * 60} floor={trial.threshold === null ? 1e-9 : trial.threshold * 1.2} />
}

function formatOf({ measure, per }: Rule): (value: number) => string {
  if (per !== null) return formatShare
  const metric = measure.metric.replace(/_total$/, '')
  if (metric.endsWith('_bytes')) return (value) => (value === 0 ? '0' : formatSize(value))
  return metric.endsWith('_seconds') ? (value) => formatDuration(value * 1000) : formatCount
}
