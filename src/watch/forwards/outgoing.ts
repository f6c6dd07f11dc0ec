/**
 * What of a series goes out, in the order of time that the protocol asks for. What our store has as additions goes out as a total, which
 * begins at 0 with this process: to a receiver, a counter that began again. `rate` needs two points to see a rise, so a total that
 * was not told of for a while is told once more right before it rises, and each minute while it may be looked at. Pure.
 */
import type { Point, SeriesKind } from '#watch/metrics/model.ts'

export type Track = {
  /** Of the newest sample that was read. */
  readMs: number
  /** Of the newest point that went out; before the first, what one must stand behind. */
  sentMs: number
  /** By this process. */
  wasSent: boolean
  total: number
  /** Of the newest addition. */
  roseMs: number
}

const repeatMs = 60_000
/** Additions are told some seconds after their time, and a point must not stand before the one before it. */
const settleMs = 30_000
/** A total that has not risen for so long is told of no more. */
const quietMs = 3_600_000

/** `sentMs`: a process before this one may have sent totals up to then. */
export const newTrack = (readMs: number, sentMs: number): Track => ({ readMs, sentMs, wasSent: false, total: 0, roseMs: Number.NEGATIVE_INFINITY })

/** `points` came after `readMs`, in order of time. */
export function nextPoints(kind: SeriesKind, track: Track, points: readonly Point[], nowMs: number): { track: Track; points: Point[] } {
  const last = points.at(-1)
  if (last === undefined) return kind === 'delta' ? repeated(track, nowMs) : { track, points: [] }
  if (kind !== 'delta') return { track: { ...track, readMs: last.atMs, sentMs: last.atMs, wasSent: true }, points: [...points] }
  const out: Point[] = []
  let { sentMs, wasSent, total } = track
  const tell = (atMs: number) => void out.push({ atMs: (sentMs = Math.max(atMs, sentMs + 1)), value: total })
  for (const { atMs, value } of points) {
    if (!wasSent || sentMs < atMs - 1.5 * repeatMs) tell(atMs - 1)
    wasSent = true
    total += value
    tell(atMs)
  }
  return { track: { readMs: last.atMs, sentMs, wasSent, total, roseMs: last.atMs }, points: out }
}

function repeated(track: Track, nowMs: number): { track: Track; points: Point[] } {
  const atMs = nowMs - settleMs
  if (!track.wasSent || atMs - track.sentMs < repeatMs || atMs - track.roseMs > quietMs) return { track, points: [] }
  return { track: { ...track, sentMs: atMs }, points: [{ atMs, value: track.total }] }
}
