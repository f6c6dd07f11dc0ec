import { AppError } from '#base/errors.ts'
import type { Handlers } from '#kernel/handlers.ts'
import { durationBarsMs } from '#contract/waterfall.ts'
import { docsFolder, readDocs } from '#watch/search/docs.ts'
import { appThings, docThings, eventThings, found, machineThings } from '#watch/search/things.ts'
import { isCrowd } from './crowd.ts'
import { sampleTrace, sampleTraces } from './traces.ts'
import type { World } from './world.ts'

/** Search over the preview's world, and traces as a shop has them. */
export function watchHandlers(world: World): Handlers {
  const { scene } = world
  const traced = isCrowd(world.name) ? scene.apps.map(({ detail }) => detail.name) : ['shop']
  return {
    async 'search.read'({ query }) {
      const events = scene.events.slice(-400).reverse().map((event) => ({ ...event, at: new Date(event.at) }))
      const things = [...appThings(scene.apps.map(({ detail }) => detail)), ...machineThings(scene.machines), ...eventThings(events), ...docThings(await readDocs(docsFolder))]
      const lines = world.lines.filter((line) => line.text.toLowerCase().includes(query.q.toLowerCase())).slice(-3)
      return { results: found(things, query.q, query.limit), logs: { lines, partial: false } }
    },
    async 'traces.list'({ query }) {
      const now = Date.now()
      const all = scene.apps.length === 0 ? [] : sampleTraces(now, traced)
      const operation = query.operation?.toLowerCase()
      const since = query.since === undefined ? 0 : Date.parse(query.since)
      const traces = all.filter((one) => (query.app === undefined || one.app === query.app) && (query.service === undefined || one.services.includes(query.service)) && (query.minMs === undefined || one.durationMs >= query.minMs) && (!query.errors || one.errors > 0) && (operation === undefined || one.operation.toLowerCase().includes(operation)) && Date.parse(one.at) >= since)
      return { traces: traces.slice(0, query.limit), durations: barsOf(traces), sampling: { received: 48_211, stored: 9_120, dropped: { 'not sampled': 39_091 } } }
    },
    async 'traces.read'({ params }) {
      const trace = sampleTrace(params.trace, Date.now(), traced)
      if (trace === null) throw new AppError('not-found', `there is no trace ${params.trace}: it was not sampled, is older than what is kept, or has not come yet (see: nightshift traces)`)
      return trace
    },
  }
}

function barsOf(traces: ReturnType<typeof sampleTraces>): { traces: number; errors: number }[] {
  const bounds: readonly number[] = durationBarsMs
  return Array.from({ length: bounds.length + 1 }, (_, bar) => {
    const own = traces.filter(({ durationMs }) => durationMs >= (bounds[bar - 1] ?? 0) && durationMs < (bounds[bar] ?? Number.POSITIVE_INFINITY))
    return { traces: own.length, errors: own.filter((one) => one.errors > 0).length }
  })
}
