/**
 * The lines behind the log view: a page of the past, then each line as it arrives; older pages on demand. They are changed
 * in place (`line-buffer.ts`); `version` says that they changed.
 */
import { type RefObject, useEffect, useReducer, useRef, useState } from 'react'
import type { LogLine } from '#contract/model.ts'
import { api } from '../data/api.ts'
import { follow } from '../data/streams.ts'
import { contextOf } from './context.ts'
import { LineBuffer, maxLines } from './line-buffer.ts'
import type { LogQuery, TimeRange } from './log-query.ts'

const firstPage = 500
const olderPage = 1000

export type LogLines = {
  lines: readonly LogLine[]
  version: number
  /** How many lines were put before the first one so far: the list keeps its place by it. */
  prepended: number
  state: 'asking' | 'there' | 'failed'
  error: unknown
  /** Lines that wait because the tail is paused. */
  waiting: number
  /** There is nothing older. */
  isStart: boolean
  loadOlder: () => void
}

/** Live, or with `range` the lines of a time, or with `around` those that stand around one. */
export function useLogLines(query: LogQuery, { around, range, paused }: { around: string | null; range: TimeRange | null; paused: boolean }): LogLines {
  const buffer = useRef(new LineBuffer())
  const pausedNow = useRef(paused)
  pausedNow.current = paused
  const [version, changed] = useReducer((count: number) => count + 1, 0)
  const [{ state, error }, setOutcome] = useState<Pick<LogLines, 'state' | 'error'>>({ state: 'asking', error: null })
  const window = range ?? {}

  useEffect(() => {
    const stop = new AbortController()
    const own = (buffer.current = new LineBuffer())
    setOutcome({ state: 'asking', error: null })
    const begin = async () => {
      const page = around === null ? await api.call('logs.list', { query: { ...query, ...window, limit: firstPage } }, stop.signal) : await contextOf(query, around, stop.signal)
      own.begin(page)
      setOutcome({ state: 'there', error: null })
      changed()
      if (around === null && range === null) await tail(query, own, { paused: pausedNow, changed, signal: stop.signal })
    }
    begin().catch((failure: unknown) => {
      if (!stop.signal.aborted) setOutcome({ state: 'failed', error: failure })
    })
    return () => stop.abort()
  }, [JSON.stringify([query, around, range])])

  useEffect(() => {
    if (!paused && buffer.current.settle()) changed()
  }, [paused])

  const loadOlder = () => {
    const own = buffer.current
    if (own.next === null || own.isAsking || state !== 'there' || own.lines.length >= maxLines) return
    own.isAsking = true
    api
      .call('logs.list', { query: { ...query, ...window, before: own.next, limit: olderPage } })
      .then((page) => {
        own.prepend(page) // of another question by now: then nobody looks at it any more
        if (own === buffer.current) changed()
      }, () => {}) // asked again at the next scroll
      .finally(() => void (own.isAsking = false))
  }
  const { lines, prepended, waiting, next } = buffer.current
  return { lines, version, prepended, state, error, waiting, isStart: state === 'there' && next === null, loadOlder }
}

/** Each line as it arrives, shown once a frame; while it is paused they wait. */
async function tail(query: LogQuery, buffer: LineBuffer, { paused, changed, signal }: { paused: RefObject<boolean>; changed: () => void; signal: AbortSignal }): Promise<void> {
  const past = new Set(buffer.lines.map((line) => line.cursor)) // the last in time need not be the last that arrived
  const after = buffer.lines.at(-1)?.cursor
  let frame = 0
  signal.addEventListener('abort', () => cancelAnimationFrame(frame), { once: true })
  const show = () => {
    frame = 0
    if (!paused.current) buffer.settle()
    changed()
  }
  const take = (line: LogLine) => {
    if (past.has(line.cursor)) return
    buffer.arrive(line)
    if (frame === 0) frame = requestAnimationFrame(show)
  }
  await follow('logs.stream', { query: { ...query, ...(after === undefined ? {} : { after }) } }, take, { signal, endless: true })
}
