import type { DashboardSpec } from '#contract/dashboards.ts'
import { GraphView, type Seen } from './graph-view.tsx'

const columns = ['', '', 'md:grid-cols-2', 'md:grid-cols-2 lg:grid-cols-3', 'md:grid-cols-2 lg:grid-cols-4']

/** Rows of graphs beside each other; on a phone one below the other. */
export function BoardRows({ board, seen }: { board: Pick<DashboardSpec, 'rows'>; seen: Seen }) {
  return (
    <div className="mb-(--section) space-y-8">
      {board.rows.map((row, at) => (
        <div key={at} className={`grid gap-x-10 gap-y-7 ${columns[row.length] ?? ''}`}>
          {row.map((graph, nth) => (
            <GraphView key={`${nth} ${graph.title}`} graph={graph} seen={seen} />
          ))}
        </div>
      ))}
    </div>
  )
}
