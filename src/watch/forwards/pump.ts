/**
 * One forward at work. A pass goes through all series and sends what each has after the sample that was read of it last, so that a sample
 * which is stored late is sent too. Between passes only those places are kept in memory; while a receiver fails, one request and the page
 * of series it is from. The position in the database is a time: after a restart each series goes on from there.
 */
import { type Clock, sleep } from '#base/clock.ts'
import { messageOf } from '#base/errors.ts'
import type { Database } from '#kernel/db/db.ts'
import type { Logger } from '#kernel/log.ts'
import { pointsAfter, seriesPage } from '#watch/metrics/read-after.ts'
import { type Pump, runPump } from '#watch/pumps.ts'
import { Delivery } from './delivery.ts'
import { type Track, newTrack, nextPoints } from './outgoing.ts'
import { readForward } from './read.ts'
import type { ForwardSender } from './sender.ts'
import { savePosition } from './store.ts'
import type { OutgoingSeries } from './wire.ts'

export type ForwardDeps = { db: Database; clock: Clock; log: Logger; passMs?: number; requestSamples?: number }

const defaultPassMs = 10_000
/** As many as Prometheus itself sends at once. */
const defaultRequestSamples = 2000
const requestChars = 2_000_000
const pageSeries = 100
const pagePoints = 500
/** So much of the past a pass when there is more of it: all series move on together, so that one time says how far. */
const sliceMs = 20 * 60_000

export function startForward(deps: ForwardDeps, id: string, sender: ForwardSender): Pump {
  return runPump({
    work: (signal) => forwardOnce(deps, id, sender, signal),
    onBroken: (error) => deps.log.warn({ forward: id, error: messageOf(error) }, 'a forward of metrics broke off; it goes on from its position'),
    onClosed: () => sender.close(),
  })
}

/** Until it is gone. */
async function forwardOnce(deps: ForwardDeps, id: string, sender: ForwardSender, signal: AbortSignal): Promise<boolean> {
  const row = await readForward(deps.db, id)
  if (!row) return false
  const delivery = new Delivery(deps, row, sender, signal)
  const begin = newTrack(row.position_ms, Math.max(row.position_ms, row.last_sent_at?.getTime() ?? 0))
  let tracks: ReadonlyMap<number, Track> = new Map()
  let positionMs = row.position_ms
  while (!signal.aborted) {
    const nowMs = deps.clock.now().getTime()
    const upToMs = positionMs < nowMs - 2 * sliceMs ? positionMs + sliceMs : nowMs + sliceMs
    const pass = await onePass({ deps, tracks, begin, upToMs, delivery, signal })
    if (pass === null) return false
    tracks = pass.tracks
    if (pass.more) continue
    positionMs = Math.max(positionMs, Math.min(upToMs, upToMs < nowMs ? upToMs : pass.newestMs, deps.clock.now().getTime()))
    await savePosition(deps.db, id, positionMs)
    if (upToMs > nowMs) await sleep(deps.passMs ?? defaultPassMs, signal)
  }
  return true
}

type PassInput = { deps: ForwardDeps; tracks: ReadonlyMap<number, Track>; /** Of a series that nothing was read of yet. */ begin: Track; upToMs: number; delivery: Delivery; signal: AbortSignal }
type Pass = { tracks: Map<number, Track>; newestMs: number; /** Not all up to `upToMs` was read. */ more: boolean }

/** Null: the forward is gone. */
async function onePass({ deps, tracks: before, begin, upToMs, delivery, signal }: PassInput): Promise<Pass | null> {
  const pass: Pass = { tracks: new Map(), newestMs: begin.readMs, more: false }
  const mostSamples = deps.requestSamples ?? defaultRequestSamples
  let waiting: OutgoingSeries[] = []
  for (let after = 0, isLast = false; !isLast; ) {
    signal.throwIfAborted()
    const page = await seriesPage(deps.db, after, pageSeries)
    const given = await pointsAfter(deps.db, page.map((one) => ({ ...one, afterMs: (before.get(one.id) ?? begin).readMs })), upToMs, pagePoints)
    const nowMs = Math.min(deps.clock.now().getTime(), upToMs)
    for (const { id, name, labels, kind, points, more } of given) {
      const next = nextPoints(kind, before.get(id) ?? begin, points, nowMs)
      if (points.length > 0 || before.has(id)) pass.tracks.set(id, next.track)
      pass.newestMs = Math.max(pass.newestMs, next.track.readMs)
      pass.more ||= more
      if (next.points.length > 0) waiting.push({ name, labels, points: next.points })
    }
    isLast = page.length < pageSeries
    after = page.at(-1)?.id ?? after
    const { full, rest } = requestsOf(waiting, mostSamples)
    for (const request of isLast && rest.length > 0 ? [...full, rest] : full) if (!(await delivery.deliver(request))) return null
    waiting = rest
  }
  return pass
}

/** Whole series, until a request has so many samples; `rest`: what fills none. */
function requestsOf(series: readonly OutgoingSeries[], mostSamples: number): { full: OutgoingSeries[][]; rest: OutgoingSeries[] } {
  const full: OutgoingSeries[][] = []
  let [rest, samples, chars]: [OutgoingSeries[], number, number] = [[], 0, 0]
  for (const one of series) {
    rest.push(one)
    samples += one.points.length
    chars += JSON.stringify(one.labels).length
    if (samples < mostSamples && chars < requestChars) continue
    full.push(rest)
    ;[rest, samples, chars] = [[], 0, 0]
  }
  return { full, rest }
}
