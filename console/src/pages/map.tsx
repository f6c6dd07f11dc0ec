import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { Suspense, lazy, useEffect } from 'react'
import { TextLink } from '../components/a.tsx'
import { Answer } from '../components/answer.tsx'
import { Empty } from '../components/empty.tsx'
import { SkeletonBlock } from '../components/skeleton.tsx'
import { queries } from '../data/queries.ts'
import { commands } from '../lib/commands.ts'
import { plural } from '../lib/numbers.ts'
import { usePhone } from '../lib/use-media.ts'
import { useTitle } from '../lib/use-title.ts'
import { MapList } from '../map/map-list.tsx'
import { SidePanel } from '../map/side-panel.tsx'
import { paths } from '../paths.ts'

const MapCanvas = lazy(() => import('../map/map-canvas.tsx'))
const route = getRouteApi('/signed-in/map')

export function MapPage() {
  useTitle('Map')
  const { select } = route.useSearch()
  const navigate = useNavigate({ from: '/map' })
  const phone = usePhone()
  const map = useQuery(queries.map())
  const clear = () => void navigate({ search: {}, replace: true })
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => event.key === 'Escape' && document.querySelector('[role=dialog]') === null && clear()
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  })
  return (
    <div className="px-4 pt-6 sm:px-8">
      <div className="mb-4 flex flex-wrap items-baseline justify-between gap-x-6">
        <h1 className="text-2xl">Map</h1>
        {map.data === undefined ? null : (
          <p className="text-sm text-soft">
            {plural(map.data.services.length, 'service')} on {plural(map.data.machines.length, 'machine')}; rates of the last minutes
          </p>
        )}
      </div>
      <Answer query={map} loading={<SkeletonBlock height={560} />} title="The map could not be read">
        {(view) =>
          view.services.length === 0 ? (
            <Empty title="There is nothing to draw yet." command={commands.deployDirectory()}>
              Services appear here with who calls whom, how often, and how well. <TextLink href={paths.deploy()}>Deploy</TextLink> something.
            </Empty>
          ) : (
            <>
              <div className="flex h-[calc(100dvh-190px)] min-h-100 gap-4 max-md:h-[58dvh]">
                <div className="min-w-0 flex-1 overflow-hidden rounded-lg border border-rule">
                  <Suspense fallback={<SkeletonBlock height={560} />}>
                    <MapCanvas map={view} select={select} onClear={clear} />
                  </Suspense>
                </div>
                {select === undefined ? null : <SidePanel map={view} select={select} />}
              </div>
              <details className="mt-4 mb-8" open={phone || undefined}>
                <summary className="w-fit cursor-pointer text-soft hover:text-ink">The same as a list</summary>
                <div className="mt-3">
                  <MapList map={view} />
                </div>
              </details>
            </>
          )
        }
      </Answer>
    </div>
  )
}
