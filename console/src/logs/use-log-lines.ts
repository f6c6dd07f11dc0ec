/**
 * The lines behind the log view: a page of the past, then each line as it arrives; older pages on demand. Lines are kept
 * in one array that is changed in place (100 000 lines are not copied for each new one); `version` says that it changed.
 */
import { useEffect, useReducer, useRef, useState } from 'react'
import type { LogLine } from '#contract/model.ts'
import { api } from '../data/api.ts'
import { follow } from '../data/streams.ts'
import { contextOf } from './context.ts'
import type { LogQuery, TimeRange } from './log-query.ts'

const maxLines = 100_000
const firstPage = 500
const olderPage = 1000
/** How many lines back a late one may be put. */
const lateLines = 500

const byTime = (a: LogLine, b: LogLine) => (a.cursor < b.cursor ? -1 : 1)

/** At its place in time: machines send their lines a moment apart. */
function insert(lines: LogLine[], line: LogLine): void {
  let place = lines.length
  while (place > 0 && lines.length - place < lateLines && (lines[place - 1] as LogLine).cursor > line.cursor) place--
  if (place === lines.length) lines.push(line)
  else lines.splice(place, 0, line)
}

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
  const kept = useRef<LogLine[]>([])
  const pending = useRef<LogLine[]>([])
  const pausedNow = useRef(paused)
  pausedNow.current = paused
  const [version, changed] = useReducer((count: number) => count + 1, 0)
  const [state, setState] = useState<LogLines['state']>('asking')
  const [error, setError] = useState<unknown>(null)
  const older = useRef<{ next: string | null; busy: boolean; prepended: number }>({ next: null, busy: false, prepended: 0 })
  const key = JSON.stringify([query, around, range])
  const window = range ?? {}

  const flush = useRef(() => {})
  flush.current = () => {
    if (pausedNow.current || pending.current.length === 0) return
    for (const line of pending.current.sort(byTime)) insert(kept.current, line)
    pending.current = []
    if (kept.current.length > maxLines) kept.current.splice(0, kept.current.length - maxLines * 0.9)
    changed()
  }

  useEffect(() => {
    const stop = new AbortController()
    kept.current = []
    pending.current = []
    older.current = { next: null, busy: false, prepended: 0 }
    setState('asking')
    let frame = 0
    const begin = async () => {
      const page = around === null ? await api.call('logs.list', { query: { ...query, ...window, limit: firstPage } }, stop.signal) : await contextOf(query, around, stop.signal)
      kept.current = [...page.lines]
      older.current.next = page.next
      setState('there')
      changed()
      if (around !== null || range !== null) return
      const past = new Set(page.lines.map((line) => line.cursor)) // the last in time need not be the last that arrived
      await follow(
        'logs.stream',
        { query: { ...query, ...(page.lines.length === 0 ? {} : { after: page.lines.at(-1)?.cursor }) } },
        (line) => {
          if (past.has(line.cursor)) return
          pending.current.push(line)
          if (pending.current.length > maxLines) pending.current.shift()
          if (frame === 0)
            frame = requestAnimationFrame(() => {
              frame = 0
              if (pausedNow.current) changed()
              else flush.current()
            })
        },
        { signal: stop.signal, endless: true },
      )
    }
    begin().catch((failure: unknown) => {
      if (stop.signal.aborted) return
      setError(failure)
      setState('failed')
    })
    return () => {
      stop.abort()
      cancelAnimationFrame(frame)
    }
  }, [key])

  useEffect(() => {
    if (!paused) flush.current()
  }, [paused])

  const loadOlder = () => {
    const { next, busy } = older.current
    if (next === null || busy || state !== 'there' || kept.current.length >= maxLines) return
    older.current.busy = true
    const asked = key
    void api
      .call('logs.list', { query: { ...query, ...window, before: next, limit: olderPage } })
      .then((page) => {
        if (asked !== key) return
        kept.current.unshift(...page.lines)
        older.current = { next: page.next, busy: false, prepended: older.current.prepended + page.lines.length }
        changed()
      })
      .catch(() => {
        older.current.busy = false
      })
  }
  return { lines: kept.current, version, prepended: older.current.prepended, state, error, waiting: pending.current.length, isStart: state === 'there' && older.current.next === null, loadOlder }
}
