import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import type { LogCounts } from '#contract/logs.ts'
import { api } from '../data/api.ts'
import { plural } from '../lib/numbers.ts'
import { clockTime, clockTimeSeconds, longDate } from '../lib/times.ts'
import { usePhone } from '../lib/use-media.ts'
import { type LogQuery, type TimeRange, spans } from './log-query.ts'

type Props = { query: LogQuery; range: TimeRange | null; span: string; onRange: (range: TimeRange) => void }
type Step = { atMs: number; total: number; warn: number; error: number }

const height = 52

/** Lines over time; a part of it is chosen by dragging, or with the arrow keys and Enter. */
export function Histogram({ query, range, span, onRange }: Props) {
  const phone = usePhone()
  const steps = phone ? 64 : 96
  const { data } = useQuery({
    queryKey: ['log-counts', query, range, span, steps],
    queryFn: ({ signal }) => api.call('logs.counts', { query: { ...query, steps, ...(range ?? { since: new Date(Date.now() - (spans[span]?.ms ?? 0)).toISOString() }) } }, signal),
    placeholderData: keepPreviousData,
    refetchInterval: range === null ? 10_000 : false,
    retry: false,
  })
  return data === undefined ? <div style={{ height: height + 20 }} /> : <Bars counts={data} onRange={onRange} />
}

function Bars({ counts, onRange }: { counts: LogCounts; onRange: (range: TimeRange) => void }) {
  const bars = barsOf(counts)
  const top = Math.max(1, ...bars.map(({ total }) => total))
  const said = (at: string) => (counts.stepMs >= 900_000 ? `${longDate(at)} ${clockTime(at)}` : clockTimeSeconds(at))
  const [picked, setPicked] = useState<{ from: number; to: number } | null>(null)
  const dragging = useRef(false)
  const indexOf = (event: React.PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect()
    return Math.max(0, Math.min(bars.length - 1, Math.floor(((event.clientX - box.left) / box.width) * bars.length)))
  }
  const give = (part: { from: number; to: number } | null) => {
    setPicked(null)
    if (part === null) return
    const [first, last] = [bars[Math.min(part.from, part.to)], bars[Math.max(part.from, part.to)]]
    if (first && last) onRange({ since: new Date(first.atMs).toISOString(), until: new Date(last.atMs + counts.stepMs).toISOString() })
  }
  const onKeyDown = (event: React.KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (event.key === 'Escape') setPicked(null)
    else if (event.key === 'Enter') give(picked)
    else if (step !== undefined) {
      const to = Math.max(0, Math.min(bars.length - 1, (picked?.to ?? bars.length) + step))
      setPicked({ from: event.shiftKey && picked !== null ? picked.from : to, to })
    } else return
    event.preventDefault()
  }
  const sum = bars.reduce((all, bar) => ({ total: all.total + bar.total, warn: all.warn + bar.warn, error: all.error + bar.error }), { total: 0, warn: 0, error: 0 })
  const [low, high] = picked === null ? [-1, -1] : [Math.min(picked.from, picked.to), Math.max(picked.from, picked.to)]
  return (
    <figure className="mb-2">
      <div
        role="group"
        tabIndex={0}
        aria-label="Lines over time: arrow keys choose a time, with Shift a longer one, Enter shows its lines"
        className="touch-none cursor-crosshair select-none"
        onKeyDown={onKeyDown}
        onBlur={() => setPicked(null)}
        onPointerDown={(event) => {
          dragging.current = true
          event.currentTarget.setPointerCapture(event.pointerId)
          setPicked({ from: indexOf(event), to: indexOf(event) })
        }}
        onPointerMove={(event) => dragging.current && setPicked((now) => (now === null ? now : { ...now, to: indexOf(event) }))}
        onPointerUp={() => {
          dragging.current = false
          give(picked)
        }}
        onPointerCancel={() => {
          dragging.current = false
          setPicked(null)
        }}
      >
        <svg viewBox={`0 0 ${bars.length * 10} ${height}`} preserveAspectRatio="none" aria-hidden="true" className="block w-full border-b border-rule" style={{ height }}>
          {bars.map((bar, index) => (
            <Bar key={bar.atMs} bar={bar} x={index * 10} top={top} picked={index >= low && index <= high} />
          ))}
        </svg>
      </div>
      <figcaption className="flex justify-between gap-4 text-xs text-soft">
        <span className="num">{said(counts.since)}</span>
        <span aria-live="polite">
          {picked === null ? (
            <>
              {plural(sum.total, 'line')}
              {sum.error > 0 ? <span className="text-red">, {plural(sum.error, 'error')}</span> : null}
              {sum.warn > 0 ? <span className="text-amber">, {plural(sum.warn, 'warning')}</span> : null}
              {counts.partialBefore === null ? null : <>, counted back to {said(counts.partialBefore)} only</>}
            </>
          ) : (
            `${said(new Date(bars[low]?.atMs ?? 0).toISOString())}: ${plural(bars.slice(low, high + 1).reduce((all, bar) => all + bar.total, 0), 'line')}`
          )}
        </span>
        <span className="num">{said(counts.until)}</span>
      </figcaption>
    </figure>
  )
}

function Bar({ bar, x, top, picked }: { bar: Step; x: number; top: number; picked: boolean }) {
  const size = (count: number) => (count === 0 ? 0 : Math.max(1.5, (count / top) * (height - 2)))
  const [all, warn, error] = [size(bar.total), size(bar.warn), size(bar.error)]
  return (
    <>
      {picked ? <rect x={x} y={0} width={10} height={height} fill="var(--accent-wash)" /> : null}
      <rect x={x + 1} y={height - all} width={8} height={all} fill="var(--ink-soft)" opacity={0.45} />
      <rect x={x + 1} y={height - error - warn} width={8} height={warn} fill="var(--amber-mark)" />
      <rect x={x + 1} y={height - error} width={8} height={error} fill="var(--red-mark)" />
    </>
  )
}

function barsOf({ since, until, stepMs, counts }: LogCounts): Step[] {
  const from = Date.parse(since)
  const bars = Array.from({ length: Math.round((Date.parse(until) - from) / stepMs) }, (_, index): Step => ({ atMs: from + index * stepMs, total: 0, warn: 0, error: 0 }))
  for (const { at, unknown, debug, info, warn, error } of counts) {
    const bar = bars[Math.round((Date.parse(at) - from) / stepMs)]
    if (bar) Object.assign(bar, { total: unknown + debug + info + warn + error, warn, error })
  }
  return bars
}
