/** A dashboard while it is changed: graphs in one order, each of which may begin a new row. Pure. */
import type { DashboardSpec, Graph } from '#contract/dashboards.ts'

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

/** `Checkout, slow ones` → `checkout-slow-ones`; with a number where it is taken. */
export function idOf(title: string, taken: readonly string[]): string {
  const plain = title.toLowerCase().normalize('NFKD').replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^[^a-z]+|-+$/g, '').slice(0, 50).replace(/-+$/, '') || 'dashboard'
  const reserved = new Set([...taken, 'app', 'machine'])
  return Array.from({ length: reserved.size + 1 }, (_, nth) => (nth === 0 ? plain : `${plain}-${nth + 1}`)).find((id) => !reserved.has(id)) as string
}
