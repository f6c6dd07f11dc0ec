/** A dashboard while it is changed: graphs in one order, each of which may begin a new row. Pure. */
import type { DashboardSpec, Graph } from '#contract/dashboards.ts'
import { idOf } from './typed.ts'

export type Draft = { graph: Graph; newRow: boolean }[]

const mostInRow = 4

export const draftOf = ({ rows }: Pick<DashboardSpec, 'rows'>): Draft => rows.flatMap((row) => row.map((graph, nth) => ({ graph, newRow: nth === 0 })))

export function rowsOf(draft: Draft): Graph[][] {
  const rows: Graph[][] = []
  for (const { graph, newRow } of draft) {
    const last = rows.at(-1)
    if (last === undefined || newRow || last.length === mostInRow) rows.push([graph])
    else last.push(graph)
  }
  return rows
}

/** The graph changes places with its neighbour; rows keep their lengths. */
export function moved(draft: Draft, at: number, by: -1 | 1): Draft {
  const [one, other] = [draft[at], draft[at + by]]
  if (one === undefined || other === undefined) return draft
  return draft.with(at, { ...one, graph: other.graph }).with(at + by, { ...other, graph: one.graph })
}

/** Without the graph; what stood beside it stays in its row. */
export function without(draft: Draft, at: number): Draft {
  const next = draft[at + 1]
  const kept = next !== undefined && draft[at]?.newRow === true ? draft.with(at + 1, { ...next, newRow: true }) : draft
  return kept.toSpliced(at, 1)
}

/** Those that come with Nightshift keep their names. */
export const boardId = (title: string, taken: readonly string[]): string => idOf(title, [...taken, 'app', 'machine'], 'dashboard')
