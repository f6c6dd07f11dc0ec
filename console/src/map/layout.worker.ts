/** Layout beside the page's own thread: three hundred services take a while to place. */
import type { MapView } from '#contract/model.ts'
import { bestLayout } from './layout.ts'

export type LayoutAsked = { nth: number; map: Pick<MapView, 'services' | 'edges' | 'machines'>; aspect: number }

addEventListener('message', ({ data }: MessageEvent<LayoutAsked>) => {
  postMessage({ nth: data.nth, layout: bestLayout(data.map as MapView, data.aspect) })
})
