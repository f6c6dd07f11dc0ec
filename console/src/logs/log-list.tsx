import { type KeyboardEvent, useCallback, useEffect, useRef } from 'react'
import type { JournalEvent, LogLine } from '#contract/model.ts'
import { LogRow, rowHeight } from './log-row.tsx'
import { useFollow } from './use-follow.ts'
import type { LogLines } from './use-log-lines.ts'
import { useRows } from './use-rows.ts'

/** More lines than can have been put before the first. */
const maxPrepended = 2 ** 30
/** Lines that a key goes on by. */
const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 20, PageUp: -20 }

type Props = { log: LogLines; wrap: boolean; showApp: boolean; following: boolean; onFollow: (following: boolean) => void; selected: LogLine | null; onSelect: (line: LogLine | null) => void; around: string | null; words: readonly string[]; marks: readonly JournalEvent[] }

/** Only the rows in sight exist; the list sticks to its end while following and keeps its place when older lines come. */
export function LogList({ log, wrap, showApp, following, onFollow, selected, onSelect, around, words, marks }: Props) {
  const scroller = useRef<HTMLDivElement>(null)
  const { lines, version, prepended } = log
  const { rows, before, after } = useRows(scroller, log, { wrap, marks })
  const total = rows.getTotalSize()
  const { follow, onScroll } = useFollow(scroller, log, { total, following, onFollow, around })
  const placed = useRef(false)
  useEffect(() => {
    if (around === null || placed.current) return
    const index = lines.findIndex((line) => line.cursor === around)
    if (index === -1) return
    placed.current = true
    rows.scrollToIndex(index, { align: 'center' })
    onSelect(lines[index] ?? null)
  }, [around, version])

  const onKeyDown = (event: KeyboardEvent) => {
    const step = steps[event.key]
    if (event.key === 'Escape') return onSelect(null)
    if (step === undefined) return
    event.preventDefault()
    follow(false)
    const from = selected === null ? (step > 0 ? -1 : lines.length) : lines.indexOf(selected)
    const index = Math.max(0, Math.min(lines.length - 1, from + step))
    onSelect(lines[index] ?? null)
    rows.scrollToIndex(index)
  }
  // one function for good: rows are drawn again only when what they show has changed
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
            line={lines[index] as LogLine} index={index} start={start} wrap={wrap} showApp={showApp} words={words} selected={index === selectedIndex} before={before(index)} after={after(index)} measure={wrap ? rows.measureElement : undefined} onPick={onPick}
          />
        ))}
      </div>
    </div>
  )
}
