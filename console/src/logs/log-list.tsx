import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, useCallback, useEffect, useLayoutEffect, useMemo, useRef } from 'react'
import type { JournalEvent, LogLine } from '#contract/model.ts'
import { LogLineView } from '../components/log-line.tsx'
import { placeMarks } from '../lib/log-marks.ts'
import { logTime } from '../lib/times.ts'
import type { LogLines } from './use-log-lines.ts'

const rowHeight = 21
const nearEdge = 30

type Props = { log: LogLines; wrap: boolean; showApp: boolean; following: boolean; onFollow: (following: boolean) => void; selected: LogLine | null; onSelect: (line: LogLine | null) => void; around: string | null; words: readonly string[]; marks: readonly JournalEvent[] }

/** Only the rows in sight exist; the list sticks to its end while following and keeps its place when older lines come. */
export function LogList({ log, wrap, showApp, following, onFollow, selected, onSelect, around, words, marks }: Props) {
  const scroller = useRef<HTMLDivElement>(null)
  const { lines, version, prepended } = log
  const places = useMemo(() => placeMarks(lines, marks, log.isStart), [version, marks, log.isStart])
  const last = lines.length - 1
  const marksAt = (index: number) => (places.get(index)?.length ?? 0) + (index === last ? (places.get(last + 1)?.length ?? 0) : 0)
  const estimateSize = useCallback((index: number) => rowHeight * (1 + marksAt(index)), [places])
  // a new function means that every row is measured again, so it changes with the lines only, never with scrolling
  const getItemKey = useCallback((index: number) => lines[index]?.cursor ?? index, [version, places])
  const rows = useVirtualizer({ count: lines.length, getScrollElement: () => scroller.current, estimateSize, overscan: 10, getItemKey })
  const total = rows.getTotalSize()
  const lastPrepended = useRef(prepended)
  const placed = useRef(false)
  const lastTop = useRef(0)
  /** Where we scrolled to ourselves, until its event has come: it is nobody's wish to follow again. */
  const ownTop = useRef(-1)
  // read by the effect below in the very frame somebody scrolls up, before the state has come round
  const sticks = useRef(following)
  useEffect(() => {
    sticks.current = following
  }, [following])

  useLayoutEffect(() => {
    const added = prepended - lastPrepended.current
    lastPrepended.current = prepended
    const element = scroller.current
    if (element === null) return
    const before = element.scrollTop
    if (added > 0) element.scrollTop += added * rowHeight
    else if (following && sticks.current) element.scrollTop = element.scrollHeight
    if (element.scrollTop !== before) ownTop.current = element.scrollTop
    // wrapped rows get their true height only once they stand there
  }, [version, following, total])

  useEffect(() => {
    if (around === null || placed.current) return
    const index = lines.findIndex((line) => line.cursor === around)
    if (index === -1) return
    placed.current = true
    rows.scrollToIndex(index, { align: 'center' })
    onSelect(lines[index] ?? null)
  }, [around, version])

  const follow = (next: boolean) => {
    sticks.current = next
    onFollow(next)
  }
  const onScroll = () => {
    const element = scroller.current as HTMLDivElement
    const fromEnd = element.scrollHeight - element.scrollTop - element.clientHeight
    const wentUp = element.scrollTop < lastTop.current - 2
    const isOurs = element.scrollTop === ownTop.current
    lastTop.current = element.scrollTop
    ownTop.current = -1
    if (element.scrollTop < nearEdge * rowHeight) log.loadOlder()
    if (around !== null) return
    if (sticks.current && wentUp && fromEnd > nearEdge * 4) follow(false)
    else if (!sticks.current && !isOurs && fromEnd < 2 && log.waiting === 0) follow(true)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 20, PageUp: -20 }[event.key]
    if (event.key === 'Escape') return onSelect(null)
    if (step === undefined) return
    event.preventDefault()
    follow(false)
    const from = selected === null ? (step > 0 ? -1 : lines.length) : lines.indexOf(selected)
    const index = Math.max(0, Math.min(lines.length - 1, from + step))
    onSelect(lines[index] ?? null)
    rows.scrollToIndex(index)
  }
  const selectedIndex = selected === null ? -1 : lines.indexOf(selected)
  return (
    <div ref={scroller} onScroll={onScroll} onKeyDown={onKeyDown} tabIndex={0} role="listbox" aria-label="Log lines" aria-activedescendant={selectedIndex === -1 ? undefined : `line-${selectedIndex}`} className="h-full overflow-auto font-mono text-[12.5px] [overflow-anchor:none]" style={{ lineHeight: `${rowHeight}px` }}>
      <div className="relative min-w-full" style={{ height: total, width: wrap ? '100%' : 'max-content' }}>
        {rows.getVirtualItems().map((row) => {
          const line = lines[row.index] as LogLine
          const isSelected = row.index === selectedIndex
          return (
            <div
              key={row.key}
              id={`line-${row.index}`}
              data-line={line.cursor}
              data-index={row.index}
              ref={wrap ? rows.measureElement : undefined}
              role="option"
              aria-selected={isSelected}
              onClick={() => {
                if (getSelection()?.isCollapsed !== false) onSelect(isSelected ? null : line)
              }}
              className={`absolute left-0 top-0 min-w-full [contain:layout_style] cursor-default px-3 ${isSelected ? 'bg-accent-wash' : 'hover:bg-hover'} ${wrap ? 'w-full py-px' : ''}`}
              style={{ transform: `translateY(${row.start}px)` }}
            >
              <Marks events={places.get(row.index)} />
              <LogLineView line={line} wrap={wrap} showApp={showApp} words={words} />
              {row.index === last ? <Marks events={places.get(last + 1)} /> : null}
            </div>
          )
        })}
      </div>
    </div>
  )
}

/** What happened to the app between two lines. */
function Marks({ events = [] }: { events?: readonly JournalEvent[] | undefined }) {
  return events.map((event) => (
    <span key={event.id} data-mark={event.kind} className="flex items-center gap-x-3 overflow-hidden text-accent" style={{ height: rowHeight }}>
      <time dateTime={event.at} className="shrink-0 max-sm:hidden">
        {logTime(event.at)}
      </time>
      <span className="truncate font-sans">{event.summary}</span>
      <span aria-hidden="true" className="min-w-8 flex-1 border-t border-accent opacity-40" />
    </span>
  ))
}
