import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useMemo } from 'react'
import type { Dashboard, DashboardSpec } from '#contract/dashboards.ts'
import type { MetricName } from '#contract/metrics.ts'
import { Answer } from '../components/answer.tsx'
import { Button } from '../components/button.tsx'
import { Empty } from '../components/empty.tsx'
import { Page } from '../components/page.tsx'
import { SkeletonBlock } from '../components/skeleton.tsx'
import { queries } from '../data/queries.ts'
import { useMayNot } from '../data/use-session.ts'
import { BoardEditor } from '../graphs/board-editor.tsx'
import { BoardRows } from '../graphs/board-rows.tsx'
import { GraphFilters, useGraphsFilter } from '../graphs/filters.tsx'
import type { Seen } from '../graphs/graph-view.tsx'
import { NewBoard } from '../graphs/new-board.tsx'
import { appBoard, machineBoard } from '../graphs/standard.ts'
import { markKinds, marksOf } from '../lib/graph-marks.ts'
import { compareOf, rangeOf } from '../lib/graph-range.ts'

const route = getRouteApi('/signed-in/graphs')

export function Graphs() {
  const filter = route.useSearch()
  const standard = filter.board === undefined || filter.board === 'app' ? appBoard(filter.by === 'instance' ? 'instance' : 'service', filter.app === undefined) : filter.board === 'machine' ? machineBoard : null
  const listed = useQuery(queries.dashboards())
  const dashboards = listed.data ?? []
  const kept = standard === null ? dashboards.find(({ id }) => id === filter.board) : undefined
  const own = useQuery(queries.dashboard(filter.board ?? '', kept?.changedAt))
  const apps = useQuery(queries.apps()).data ?? []
  const names = useQuery(queries.metricNames())
  const whyNot = useMayNot()
  const set = useGraphsFilter()
  const range = rangeOf(filter)
  const shown = standard ?? own.data
  const isEditing = standard === null && filter.edit === 'yes'
  return (
    <Page
      wide
      title="Graphs"
      lead="What is measured, with what happened meanwhile. Drag over a graph to look closer."
      actions={
        <>
          {standard !== null || isEditing ? null : (
            <Button whyNot={whyNot} onClick={() => set({ edit: 'yes' })}>
              Change
            </Button>
          )}
          <NewBoard taken={dashboards.map(({ id }) => id)} from={shown} whyNot={whyNot} />
        </>
      }
    >
      <GraphFilters filter={filter} range={range} apps={apps} dashboards={dashboards} fixedApp={standard === null ? (own.data?.app ?? null) : null} />
      <Answer query={names} title="The metrics could not be read" loading={<Loading />}>
        {(known) => {
          if (known.length === 0) return <Nothing />
          if (standard !== null) return <Shown board={standard} names={known} />
          if (listed.isSuccess && kept === undefined) return <Empty title="There is no such dashboard.">It may have been removed, or is of an app that this session may not see.</Empty>
          return (
            <Answer query={own} title="The dashboard could not be read" loading={<Loading />}>
              {(board) => (isEditing ? <Edited key={board.id} board={board} names={known} whyNot={whyNot} /> : board.rows.length === 0 ? <Empty title="This dashboard has no graphs yet.">Press Change to add the first.</Empty> : <Shown board={board} names={known} />)}
            </Answer>
          )
        }}
      </Answer>
    </Page>
  )
}

/** How graphs of a board are drawn: what is chosen in the room, with what happened meanwhile. */
function useSeen(board: DashboardSpec, names: readonly MetricName[]): Seen {
  const filter = route.useSearch()
  const set = useGraphsFilter()
  const range = rangeOf(filter)
  const isMachine = board.title === machineBoard.title && filter.board === 'machine'
  const scope = isMachine ? { app: undefined, env: undefined } : { app: board.app ?? filter.app, env: filter.env }
  const events = useQuery(queries.marks(markKinds(scope.app), scope.app, scope.env, range)).data
  // two marks closer than a hundredth of the width are one
  const marks = useMemo(() => marksOf(events ?? [], range.minutes * 0.6, scope.app === undefined), [events, range.minutes, scope.app])
  const onSpan: Seen['onSpan'] = (from, to) => set({ range: undefined, from: new Date(from * 1000).toISOString(), to: new Date(to * 1000).toISOString() })
  return { scope, range, compare: compareOf(filter.compare), names, marks, onSpan }
}

const Shown = ({ board, names }: { board: DashboardSpec; names: readonly MetricName[] }) => <BoardRows board={board} seen={useSeen(board, names)} />

const Edited = ({ board, names, whyNot }: { board: Dashboard; names: readonly MetricName[]; whyNot: string | null }) => <BoardEditor board={board} seen={useSeen(board, names)} whyNot={whyNot} />

const Nothing = () => (
  <Empty title="Nothing is measured yet." command="nightshift deploy">
    Instances are measured, and requests counted, from the first one on. What apps measure themselves stands beside it.
  </Empty>
)

const Loading = () => (
  <div className="grid gap-x-10 gap-y-7 md:grid-cols-2 lg:grid-cols-3">
    {Array.from({ length: 6 }, (_, nth) => (
      <SkeletonBlock key={nth} height={190} label="Loading graphs" />
    ))}
  </div>
)
