/** A graph while it is written: lines as text → the graph that they draw, or what is still missing. Pure. */
import { messageOf } from '#base/errors.ts'
import type { Graph, GraphLine } from '#contract/dashboards.ts'
import { parseWhere } from '#contract/label-conditions.ts'
import { unitOf } from '#contract/metric-words.ts'
import type { MetricName } from '#contract/metrics.ts'
import { nameOf } from './graphs.ts'
import { usualOf } from './rule-edit.ts'
import { listOf } from './typed.ts'

/** `share`: of what it is a share, if it is one. */
export type LineText = { metric: string; fn: GraphLine['fn'] | ''; by: string; where: string; share: string | null; name: string; onlyWith: string | undefined }
export type GraphText = { title: string; lines: LineText[]; compare: '' | '1d' | '7d' }

export const emptyLine: LineText = { metric: '', fn: '', by: '', where: '', share: null, name: '', onlyWith: undefined }
export const emptyGraph: GraphText = { title: '', lines: [emptyLine], compare: '' }
export const mostLines = 4

export const graphText = ({ title, lines, compare }: Graph): GraphText => ({
  title, compare: compare ?? '',
  lines: lines.map(({ metric, fn, by, where, shareOf, name, onlyWith }) => ({ metric, fn, by: by.join(', '), where, share: shareOf ?? null, name: name ?? '', onlyWith })),
})

export type WrittenGraph = { graph: Graph; missing: null } | { graph: null; missing: string }

export function graphOf(text: GraphText, names: readonly MetricName[]): WrittenGraph {
  const lines: GraphLine[] = []
  for (const [nth, one] of text.lines.entries()) {
    const line = lineOf(one, names)
    if (typeof line === 'string') return { graph: null, missing: text.lines.length === 1 ? line : `line ${nth + 1}: ${line}` }
    lines.push(line)
  }
  return { graph: { title: text.title.trim() || titleOf(lines), lines, ...(text.compare === '' ? {} : { compare: text.compare }) }, missing: null }
}

/** The line, or what is missing. */
function lineOf({ metric, fn, by, where, share, name, onlyWith }: LineText, names: readonly MetricName[]): GraphLine | string {
  const chosen = metric.trim()
  if (chosen === '') return 'choose a metric'
  const known = nameOf(chosen, names)
  const labels = listOf(by)
  const strange = known === undefined ? undefined : labels.find((label) => !known.labels.includes(label))
  if (strange !== undefined) return `the metric has no label ${strange}`
  try {
    for (const text of [where, share ?? '']) parseWhere(listOf(text).join(','))
  } catch (error) {
    return messageOf(error)
  }
  return {
    metric: chosen, fn: fn === '' ? usualOf(known, chosen) : fn, by: labels, where: listOf(where).join(','),
    ...(share === null ? {} : { shareOf: listOf(share).join(',') }), ...(onlyWith === undefined ? {} : { onlyWith }), ...(name.trim() === '' ? {} : { name: name.trim() }),
  }
}

export function titleOf([first, ...more]: readonly GraphLine[]): string {
  if (first === undefined) return ''
  const words = first.metric.replace(/^nightshift_/, '').replace(/_(total|bytes|seconds)$/, '').replaceAll('_', ' ')
  return `${words}${first.by.length === 0 ? '' : ` by ${first.by.join(', ')}`}${more.length === 0 ? '' : ` and ${more.length} more`}`.slice(0, 80)
}

/** A graph has one scale; null: its lines agree on it. */
export function scalesOf({ lines }: Pick<Graph, 'lines'>): string | null {
  const units = [...new Set(lines.map(({ metric, shareOf }) => (shareOf === undefined ? unitOf(metric) : 'share')))]
  return units.length < 2 ? null : `The lines are in ${units.join(' and ')}: all stand on one scale, which is written in ${units[0]}.`
}

/** A line in words. */
export const lineWords = ({ metric, fn, by, where, shareOf }: GraphLine): string =>
  `${fn} of ${metric}${by.length === 0 ? '' : ` by ${by.join(', ')}`}${where === '' ? '' : ` where ${where}`}${shareOf === undefined ? '' : ` as a share of ${shareOf === '' ? 'all' : shareOf}`}`
