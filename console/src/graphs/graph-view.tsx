import { useMemo, useState } from 'react'
import type { Graph } from '#contract/dashboards.ts'
import type { MetricName } from '#contract/metrics.ts'
import { A } from '../components/a.tsx'
import { Chart, type ChartLine } from '../components/chart.tsx'
import { Problem } from '../components/problem.tsx'
import { SkeletonBlock } from '../components/skeleton.tsx'
import { type Compare, type Range, compares } from '../lib/graph-range.ts'
import type { Mark } from '../lib/graph-marks.ts'
import { type Drawn, type Scope, formatOf, mostCompared, newest, questionsOf } from '../lib/graphs.ts'
import { formatChange, plural } from '../lib/numbers.ts'
import { paths } from '../paths.ts'
import { GraphTable } from './graph-table.tsx'
import { useGraph } from './use-graph.ts'

export type Seen = { scope: Scope; range: Range; compare: Compare | undefined; names: readonly MetricName[]; marks: readonly Mark[]; onSpan: (from: number, to: number) => void }

const height = 170
const quiet = 'underline decoration-dotted underline-offset-3 hover:text-ink'
const tones = ['accent', 'ink', 'ink-soft', 'rule-strong'] as const

/** One graph: what it is, its value now, its lines with what happened on them, and its values as a table. What nobody measures is one quiet line. */
export function GraphView({ graph, seen: given }: { graph: Graph; seen: Seen }) {
  const seen = given.compare === undefined ? { ...given, compare: graph.compare } : given
  const { drawn, error, unknown, retry } = useGraph(graph, seen)
  if (error !== null) return <Problem error={error} retry={retry} title={`${graph.title} could not be read`} />
  if (drawn === undefined) return <Waiting title={graph.title} />
  if (drawn.lines.length === 0) return <Quiet title={graph.title} why={unknown ? `nothing measures ${[...new Set(graph.lines.map(({ metric }) => metric))].join(' or ')} here` : 'nothing was measured in this time'} />
  return <Drawing graph={graph} drawn={drawn} seen={seen} />
}

function Drawing({ graph, drawn, seen: { range, marks, compare, onSpan, scope, names } }: { graph: Graph; drawn: Drawn; seen: Seen }) {
  const watched = graph.lines.find(({ shareOf }) => shareOf === undefined)
  const [open, setOpen] = useState(false)
  const written = formatOf(graph.lines)
  const lines = useMemo(() => toned(drawn), [drawn])
  const { format } = written
  return (
    <div className="min-w-0">
      <Chart
        title={graph.title} about={<Now drawn={drawn} format={format} compare={compare} />} times={drawn.times} lines={lines} rest={drawn.rest} markers={marks} {...written} height={height} minutes={range.minutes} onSpan={onSpan}
        {...(range.until === undefined ? {} : { until: range.until / 1000 })}
      />
      <p className="flex flex-wrap justify-between gap-x-4 text-xs text-soft">
        <span className="flex gap-x-4">
          <button type="button" aria-expanded={open} onClick={() => setOpen(!open)} className={quiet}>
            Values<span className="sr-only"> of {graph.title}</span>
          </button>
          {watched === undefined ? null : (
            <A href={paths.newRule(questionsOf(watched, scope, names).part)} className={quiet}>
              Make a rule<span className="sr-only"> of {graph.title}</span>
            </A>
          )}
        </span>
        {compare === undefined || drawn.lines.length <= mostCompared ? null : <span>{compares[compare]} is drawn beside up to {mostCompared} lines</span>}
        {drawn.rest === null ? null : <span>{plural(drawn.rest.count, 'other')} within the shaded band</span>}
      </p>
      {open ? <GraphTable title={graph.title} drawn={drawn} format={format} minutes={range.minutes} marks={marks} /> : null}
    </div>
  )
}

function Now({ drawn: { lines }, format, compare }: { drawn: Drawn; format: (value: number) => string; compare: Compare | undefined }) {
  const [only] = lines
  if (only === undefined || lines.length > 1) return null
  const value = newest(only)
  const past = only.before?.findLast((one) => one !== null)
  const change = value === null || past === undefined || past === null ? null : formatChange(value, past)
  return (
    <>
      <span className="num">{value === null ? '–' : format(value)}</span>
      {change === null || compare === undefined ? null : <span className="text-sm text-soft"> {change} to {compares[compare]}</span>}
    </>
  )
}

/** Answers that failed are the one line that is red: colour is for status. */
const toned = ({ lines }: Drawn): ChartLine[] => lines.map((line, index) => ({ ...line, before: lines.length > mostCompared ? null : line.before, tone: line.name === '5xx' || line.name === 'failed' ? 'red-mark' : (tones[index % tones.length] as ChartLine['tone']) }))

function Waiting({ title }: { title: string }) {
  return (
    <div>
      <p className="text-soft">{title}</p>
      <SkeletonBlock height={height} label={`Loading the graph of ${title}`} />
    </div>
  )
}

function Quiet({ title, why }: { title: string; why: string }) {
  return (
    <p className="min-w-0 self-start text-sm break-words text-soft">
      {title}: {why}.
    </p>
  )
}
