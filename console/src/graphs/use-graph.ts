import { useQueries } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { Graph, GraphLine } from '#contract/dashboards.ts'
import type { MetricAnswer, MetricName } from '#contract/metrics.ts'
import { queries } from '../data/queries.ts'
import type { Compare, Range } from '../lib/graph-range.ts'
import { type Drawn, type Scope, asksOf, draw, nameOf, seriesOf } from '../lib/graphs.ts'

export type GraphState = { drawn: Drawn | undefined; error: Error | null; /** None of its metrics has a series. */ unknown: boolean; retry: () => void }

/** Asks everything a graph needs, and again each step. A metric that nobody measures is not asked of. */
export function useGraph(graph: Graph, { scope, range, compare, names }: { scope: Scope; range: Range; compare: Compare | undefined; names: readonly MetricName[] }): GraphState {
  const lines = graph.lines.filter((line) => nameOf(line.metric, names) !== undefined)
  const asked = asksOf(lines, scope, names).flatMap(({ part, whole }) => {
    const questions = [part, ...(whole === null ? [] : [whole])]
    return [undefined, ...(compare === undefined ? [] : [compare])].flatMap((offset) => questions.map((question) => queries.metric(question, range, offset)))
  })
  const answers = useQueries({ queries: asked })
  const error = answers.find((one) => one.error !== null && one.data === undefined)?.error ?? null
  const retry = () => answers.forEach((one) => void one.refetch())
  const data = answers.map((one) => one.data)
  // hundreds of series are drawn anew for new answers, not for each render
  const asOf = JSON.stringify([lines, asked.map(({ queryKey }) => queryKey), answers.map((one) => one.dataUpdatedAt)])
  const drawn = useMemo(() => drawnOf(lines, data, range.stepMs, compare !== undefined), [asOf])
  return { drawn, error, unknown: lines.length === 0, retry }
}

/** Undefined while an answer is missing. */
function drawnOf(lines: readonly GraphLine[], answers: readonly (MetricAnswer | undefined)[], stepMs: number, compared: boolean): Drawn | undefined {
  if (answers.includes(undefined)) return undefined
  let next = 0
  const take = () => answers[next++] ?? null
  const given = lines.map((line) => {
    const read = () => {
      const part = take()
      return { part, series: part === null ? [] : seriesOf(line, part, line.shareOf === undefined ? null : take()) }
    }
    const now = read()
    return { fn: line.fn, stepMs: now.part?.stepMs ?? stepMs, series: now.series, others: now.part?.others ?? null, before: compared ? read().series : null }
  })
  return draw(given, Date.now())
}
