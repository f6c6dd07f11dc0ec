import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { Suspense, lazy, useEffect, useMemo } from 'react'
import type { MapView } from '#contract/model.ts'
import { TextLink } from '../components/a.tsx'
import { Answer } from '../components/answer.tsx'
import { Empty } from '../components/empty.tsx'
import { Choice, Input } from '../components/field.tsx'
import { SkeletonBlock } from '../components/skeleton.tsx'
import { queries } from '../data/queries.ts'
import { commands } from '../lib/commands.ts'
import { plural } from '../lib/numbers.ts'
import { exactTime } from '../lib/times.ts'
import { usePhone } from '../lib/use-media.ts'
import { useTitle } from '../lib/use-title.ts'
import { MapList } from '../map/map-list.tsx'
import { shownOf } from '../map/shown.ts'
import { SidePanel } from '../map/side-panel.tsx'
import { TimeSlider } from '../map/time-slider.tsx'
import { useMapHref } from '../map/use-map-href.ts'
import { type MapFilter, paths } from '../paths.ts'

const MapCanvas = lazy(() => import('../map/map-canvas.tsx'))
const route = getRouteApi('/signed-in/map')

export function MapPage() {
  useTitle('Map')
  const search = route.useSearch()
  const { select, at } = search
  const navigate = useNavigate({ from: '/map' })
  const phone = usePhone()
  const map = useQuery(queries.map(at))
  const set = (change: MapFilter) => void navigate({ search: { ...search, ...change } as Record<string, string>, replace: true })
  const clear = () => set({ select: undefined })
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => event.key === 'Escape' && document.querySelector('[role=dialog]') === null && clear()
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  })
  return (
    <div className="px-4 pt-6 sm:px-8">
      <div className="mb-3 flex flex-wrap items-end justify-between gap-x-6 gap-y-2">
        <div className="flex flex-wrap items-baseline gap-x-4">
          <h1 className="text-2xl">Map</h1>
          {map.data === undefined ? null : (
            <p className="text-sm text-soft">
              {plural(map.data.services.length, 'service')} on {plural(map.data.machines.length, 'machine')}; {map.data.live ? 'rates of the last minute' : `as it was at ${exactTime(map.data.at)}`}
            </p>
          )}
        </div>
        <div className="flex items-end gap-3 max-sm:w-full">
          <Input type="search" label="Filter" hideLabel placeholder="Filter, such as down" value={search.q ?? ''} onChange={(event) => set({ q: event.target.value || undefined })} className="w-56 max-sm:min-w-0 max-sm:flex-1" />
          <Choice label="Shown as" value={search.as === 'list' || (phone && search.as !== 'map') ? 'list' : 'map'} options={[{ value: 'map', text: 'Map' }, { value: 'list', text: 'List' }]} onChange={(as) => set({ as })} />
        </div>
      </div>
      <TimeSlider at={at} />
      <Answer query={map} loading={<SkeletonBlock height={560} />} title="The map could not be read">
        {(view) =>
          view.services.length === 0 && view.live ? (
            <Empty title="There is nothing to draw yet." command={commands.deployDirectory()}>
              Services appear here with who calls whom, how often, and how well. <TextLink href={paths.deploy()}>Deploy</TextLink> something.
            </Empty>
          ) : (
            <Drawn view={view} select={select} clear={clear} asList={search.as === 'list' || (phone && search.as !== 'map')} />
          )
        }
      </Answer>
    </div>
  )
}

function Drawn({ view, select, clear, asList }: { view: MapView; select: string | undefined; clear: () => void; asList: boolean }) {
  const search = route.useSearch()
  const href = useMapHref()
  const { map, foldable, opened } = useMemo(() => shownOf(view, search), [view, search])
  const listed = useMemo(() => shownOf(view, { ...search, open: view.services.map((one) => `${one.app}/${one.environment}`).join(',') }).map, [view, search])
  // a list names every service, folded or not
  const folds = foldable && !asList
  return (
    <>
      {view.missing.length === 0 && search.near === undefined && !folds ? null : (
        <p className="mb-3 text-sm text-soft">
          {view.missing.join(' ')} {search.near === undefined ? null : <TextLink href={href({ near: undefined })}>Show everything again</TextLink>}{' '}
          {folds && search.near === undefined ? 'Apps are folded to one box each; a box opens with a click.' : null} {folds && opened.size > 0 ? <TextLink href={href({ open: undefined, select: undefined })}>Fold all</TextLink> : null}
        </p>
      )}
      {map.services.length === 0 ? <p className="py-6 text-soft">Nothing fits “{search.q}”.</p> : null}
      {asList ? (
        <div className="mb-8">
          <MapList map={listed} />
          {select === undefined ? null : <SidePanel map={view} select={select} />}
        </div>
      ) : (
        <div className="mb-6 flex h-[calc(100dvh-220px)] min-h-100 gap-4 max-md:h-[62dvh]">
          <div className="min-w-0 flex-1 overflow-hidden rounded-lg border border-rule">
            <Suspense fallback={<SkeletonBlock height={560} />}>
              <MapCanvas map={map} select={select} onClear={clear} />
            </Suspense>
          </div>
          {select === undefined ? null : <SidePanel map={view} select={select} />}
        </div>
      )}
    </>
  )
}
