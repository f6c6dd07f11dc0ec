import { useQueries, useQuery } from '@tanstack/react-query'
import type { GraphLine } from '#contract/dashboards.ts'
import { formatMetric } from '#contract/metric-words.ts'
import { Spark } from '../components/spark.tsx'
import { queries } from '../data/queries.ts'
import { machineBoard } from '../graphs/standard.ts'
import { rangeOf } from '../lib/graph-range.ts'
import { formatOf, nameOf, questionsOf, seriesOf } from '../lib/graphs.ts'

const range = rangeOf({ range: '1h' })
const lineOf = (title: string) => machineBoard.rows.flat().find((graph) => graph.title === title)?.lines[0] as GraphLine
const shown = [['CPU', lineOf('CPU')], ['memory', lineOf('Memory')], ['disk, free', lineOf('Disk, free')]] as const

export type MachineSpark = { title: string; values: number[]; now: string }

/** The last hour of each machine, by its name: one question a number for all of them. What is not measured is left out. */
export function useMachineSparks(): (machine: string) => MachineSpark[] {
  const names = useQuery(queries.metricNames()).data ?? []
  const lines = shown.filter(([, line]) => nameOf(line.metric, names) !== undefined)
  const asked = lines.map(([, line]) => questionsOf(line, { app: undefined, env: undefined }, names))
  const parts = useQueries({ queries: asked.map(({ part }) => queries.metric(part, range)) })
  const wholes = useQueries({ queries: asked.map(({ part, whole }) => queries.metric(whole ?? part, range)) })
  const read = lines.map(([title, line], nth) => {
    const [part, whole] = [parts[nth]?.data, wholes[nth]?.data]
    return { title, line, series: part === undefined || whole === undefined ? [] : seriesOf(line, part, line.shareOf === undefined ? null : whole) }
  })
  return (machine) =>
    read.flatMap(({ title, line, series }) => {
      const values = [...(series.find(({ name }) => name === machine)?.values.values() ?? [])].filter((value) => value !== null)
      const last = values.at(-1)
      return last === undefined ? [] : [{ title, values, now: formatOf([line]).format(last) }]
    })
}

/** A connection tells no more than that. */
const rightSeconds = 0.01

/** By how much each machine's clock is off, in words; undefined where nobody has measured it. */
export function useMachineClocks(): (machine: string) => string | undefined {
  const metric = 'nightshift_machine_clock_offset_seconds'
  const series = useQuery(queries.metric({ metric, fn: 'last', by: 'machine', where: '' }, range)).data?.series ?? []
  return (machine) => {
    const seconds = series.find(({ labels }) => labels['machine'] === machine)?.points.findLast(([, value]) => value !== null)?.[1] ?? undefined
    if (seconds === undefined) return undefined
    return Math.abs(seconds) < rightSeconds ? 'clock right' : `clock ${formatMetric(Math.abs(seconds), metric, 'last')} ${seconds < 0 ? 'behind' : 'ahead'}`
  }
}

export function MachineSparks({ sparks }: { sparks: readonly MachineSpark[] }) {
  if (sparks.length === 0) return null
  return (
    <ul className="mt-2 flex flex-wrap gap-x-6 gap-y-2">
      {sparks.map(({ title, values, now }) => (
        <li key={title}>
          <span className="block text-xs text-soft">
            {title} <span className="num text-ink">{now}</span>
          </span>
          <Spark values={values} width={104} height={26} label={`${title} in the last hour, ${now} now`} />
        </li>
      ))}
    </ul>
  )
}
