/**
 * Readings of a turn and what was known → what is known now, and what changed. Pure.
 *
 * ```
 *          holds                 held for forMs
 *   (none) ─────► pending ───────────────────────► firing
 *      ▲            │ does not hold, or no value      │ does not hold since keepFiringMs, or no value for too long
 *      └────────────┴─────────────────────────────────┘
 * ```
 * What is gone is over at once, however long it would fire on.
 */
import { formatDuration } from '#base/units.ts'
import type { Reading, SeriesState, Transition } from './model.ts'

/** A firing series without values stays for so long: a machine that is lost has not become well. */
export const staleMs = 10 * 60_000
/** Between two looks at most; a longer pause (control was away) says nothing of the time between. */
const longestGapMs = 5 * 60_000

type Times = { forMs: number; keepFiringMs: number; gapMs?: number }

export function nextStates(times: Times, known: readonly SeriesState[], readings: readonly Reading[], now: Date): { states: SeriesState[]; transitions: Transition[] } {
  const before = new Map(known.map((state) => [state.series, state]))
  const read = new Map(readings.map((reading) => [reading.series, reading]))
  const states: SeriesState[] = []
  const transitions: Transition[] = []
  for (const series of [...new Set([...before.keys(), ...read.keys()])].sort()) {
    const state = before.get(series)
    const reading = read.get(series) ?? { series, labels: state?.labels ?? {}, value: null, holds: null, because: 'it has no values any more' }
    const next = nextState(times, state, reading, now)
    if (next.state !== null) states.push(next.state)
    if (next.to !== null) transitions.push({ series, labels: reading.labels, to: next.to, because: next.because })
  }
  return { states, transitions }
}

type Next = { state: SeriesState | null; to: Transition['to'] | null; because: string }

function nextState(times: Times, state: SeriesState | undefined, reading: Reading, now: Date): Next {
  if (reading.holds === true) return held(times, state, reading, now)
  if (state === undefined) return { state: null, to: null, because: '' }
  if (state.state === 'pending') return { state: null, to: 'dropped', because: reading.because }
  const over = whyOver(times, state, reading, now)
  if (over !== null) return { state: null, to: 'over', because: over }
  return { state: { ...state, ...(reading.holds === null ? {} : { seenAt: now, value: reading.value }) }, to: null, because: '' }
}

function held({ forMs, gapMs = longestGapMs }: Times, state: SeriesState | undefined, reading: Reading, now: Date): Next {
  const { series, labels, value, because } = reading
  const fresh = state === undefined || (state.state === 'pending' && now.getTime() - state.lastTrueAt.getTime() > gapMs)
  const since = fresh ? now : state.since
  const wasFiring = !fresh && state.state === 'firing'
  const fires = wasFiring || now.getTime() - since.getTime() >= forMs
  const next: SeriesState = { series, labels, state: fires ? 'firing' : 'pending', since, firingSince: fires ? (wasFiring ? state.firingSince : now) : null, lastTrueAt: now, seenAt: now, value, because }
  return { state: next, to: wasFiring || (!fresh && !fires) ? null : next.state, because }
}

function whyOver({ keepFiringMs }: Times, state: SeriesState, reading: Reading, now: Date): string | null {
  if (reading.holds === 'gone') return reading.because
  if (reading.holds === null) {
    const silentMs = now.getTime() - state.seenAt.getTime()
    return silentMs >= Math.max(staleMs, keepFiringMs) ? `it had no values for ${formatDuration(silentMs)}` : null
  }
  return now.getTime() - state.lastTrueAt.getTime() >= keepFiringMs ? reading.because : null
}
