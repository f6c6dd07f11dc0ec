import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, useCallback, useEffect, useLayoutEffect, useMemo, useRef } from 'react'
import type { JournalEvent, LogLine } from '#contract/model.ts'
import { placeMarks } from '../lib/log-marks.ts'
import { LogRow, rowHeight } from './log-row.tsx'
import type { LogLines } from './use-log-lines.ts'

const nearEdge = 30
/** More lines than can have been put before the first. */
const maxPrepended = 2 ** 30

type Props = { log: LogLines; wrap: boolean; showApp: boolean; following: boolean; onFollow: (following: boolean) => void; selected: LogLine | null; onSelect: (line: LogLine | null) => void; around: string | null; words: readonly string[]; marks: readonly JournalEvent[] }

/** Only the rows in sight exist; the list sticks to its end while following and keeps its place when older lines come. */
export function LogList({ log, wrap, showApp, following, onFollow, selected, onSelect, around, words, marks }: Props) {
  const scroller = useRef<HTMLDivElement>(null)
  const { lines, version, prepended } = log
  const places = useMemo(() => placeMarks(lines, marks, log.isStart), [version, marks, log.isStart])
  const last = lines.length - 1
  const marksAt = (index: number) => places.size === 0 ? 0 : (places.get(index)?.length ?? 0) + (index === last ? (places.get(last + 1)?.length ?? 0) : 0)
  const estimateSize = useCallback((index: number) => rowHeight * (1 + marksAt(index)), [places])
  // a new function means that every row is measured again, so it changes with the lines only, never with scrolling; rows of one height need no names
  const getItemKey = useCallback((index: number) => (wrap ? (lines[index]?.cursor ?? index) : index), [version, places])
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
  const pick = useRef((_: LogLine) => {})
  pick.current = (line) => getSelection()?.isCollapsed !== false && onSelect(line === selected ? null : line)
  const onPick = useCallback((line: LogLine) => pick.current(line), [])
  const selectedIndex = selected === null ? -1 : lines.indexOf(selected)
  const shown = rows.getVirtualItems()
  // A row that scrolls out lends its element to the one that scrolls in: a text is changed far quicker than elements are made. Rows of any height must be measured, so each has its own.
  const lent = 32 * Math.ceil(shown.length / 32)
  return (
    <div ref={scroller} onScroll={onScroll} onKeyDown={onKeyDown} tabIndex={0} role="listbox" aria-label="Log lines" aria-activedescendant={selectedIndex === -1 ? undefined : `line-${selectedIndex}`} className="h-full overflow-auto font-mono text-[12.5px] [overflow-anchor:none]" style={{ lineHeight: `${rowHeight}px` }}>
      <div className="relative min-w-full" style={{ height: total, width: wrap ? '100%' : 'max-content' }}>
        {shown.map(({ key, index, start }) => (
          <LogRow
            key={wrap ? key : (index - prepended + maxPrepended) % lent}
            line={lines[index] as LogLine} index={index} start={start} wrap={wrap} showApp={showApp} words={words} selected={index === selectedIndex} before={places.get(index)} after={index === last ? places.get(last + 1) : undefined} measure={wrap ? rows.measureElement : undefined} onPick={onPick}
          />
        ))}
      </div>
    </div>
  )
}
