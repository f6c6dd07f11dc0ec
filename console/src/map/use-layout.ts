import { useEffect, useRef, useState } from 'react'
import type { MapView } from '#contract/model.ts'
import type { LayoutAsked } from './layout.worker.ts'
import { type Layout, layoutKey } from './layout.ts'

/** Where everything stands, by a worker; the layout before stays until the next one is there. */
export function useLayout(map: MapView, aspect: number | null): Layout | null {
  const [layout, setLayout] = useState<Layout | null>(null)
  const worker = useRef<Worker | null>(null)
  const nth = useRef(0)
  useEffect(() => {
    const started = new Worker(new URL('./layout.worker.ts', import.meta.url), { type: 'module' })
    started.onmessage = ({ data }: MessageEvent<{ nth: number; layout: Layout }>) => data.nth === nth.current && setLayout(data.layout)
    worker.current = started
    return () => started.terminate()
  }, [])
  const key = layoutKey(map)
  useEffect(() => {
    if (aspect === null) return
    const asked: LayoutAsked = { nth: ++nth.current, aspect, map: { services: map.services, edges: map.edges, machines: map.machines } }
    worker.current?.postMessage(asked)
  }, [key, aspect])
  return layout
}
