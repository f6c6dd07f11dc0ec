import { useQuery } from '@tanstack/react-query'
import type { Rule } from '#contract/alerting.ts'
import { SkeletonBlock } from '../components/skeleton.tsx'
import { queries } from '../data/queries.ts'
import { TrialChart } from './trial-chart.tsx'

const hours = 3

/** The last hours of one series of a rule that fires. */
export function RuleGraph({ rule, series }: { rule: Rule; series: string }) {
  const trial = useQuery(queries.ruleHistory(rule.id, hours)).data
  const one = trial?.series.find((each) => each.series === series)
  if (trial === undefined) return <SkeletonBlock height={130} label={`Loading the graph of ${rule.title}`} />
  return one === undefined ? null : <TrialChart rule={rule} trial={trial} series={one} title={`The last ${hours} hours`} hours={hours} height={130} />
}
