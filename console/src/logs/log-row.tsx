import { memo } from 'react'
import type { JournalEvent, LogLine } from '#contract/model.ts'
import { LogLineView } from '../components/log-line.tsx'
import { logTime } from '../lib/times.ts'

/** Pixels; of a line that is not wrapped, and of each mark. */
export const rowHeight = 21

type Props = {
  line: LogLine
  index: number
  /** Pixels from the top of the list. */
  start: number
  wrap: boolean
  showApp: boolean
  words: readonly string[]
  selected: boolean
  before: readonly JournalEvent[] | undefined
  after: readonly JournalEvent[] | undefined
  measure: ((element: Element | null) => void) | undefined
  onPick: (line: LogLine) => void
}

/** One line with what happened before it, and after the last one. */
export const LogRow = memo(function LogRow({ line, index, start, wrap, showApp, words, selected, before, after, measure, onPick }: Props) {
  return (
    <div
      id={`line-${index}`}
      data-line={line.cursor}
      data-index={index}
      ref={measure}
      role="option"
      aria-selected={selected}
      onClick={() => onPick(line)}
      className={`absolute left-0 top-0 min-w-full [contain:layout_style] cursor-default px-3 ${selected ? 'bg-accent-wash' : 'hover:bg-hover'} ${wrap ? 'w-full py-px' : ''}`}
      style={{ transform: `translateY(${start}px)` }}
    >
      <Marks events={before} />
      <LogLineView line={line} wrap={wrap} showApp={showApp} words={words} />
      <Marks events={after} />
    </div>
  )
})

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
