import { useVirtualizer } from '@tanstack/react-virtual'
import { type RefObject, useCallback, useMemo } from 'react'
import type { JournalEvent } from '#contract/model.ts'
import { placeMarks } from '../lib/log-marks.ts'
import { rowHeight } from './log-row.tsx'
import type { LogLines } from './use-log-lines.ts'

/** The rows in sight, and between which lines marks stand: before the one at an index, or after the last. */
export function useRows(scroller: RefObject<HTMLDivElement | null>, log: LogLines, { wrap, marks }: { wrap: boolean; marks: readonly JournalEvent[] }) {
  const { lines, version } = log
  const places = useMemo(() => placeMarks(lines, marks, log.isStart), [version, marks, log.isStart])
  const last = lines.length - 1
  const marksAt = (index: number) => (places.size === 0 ? 0 : (places.get(index)?.length ?? 0) + (index === last ? (places.get(last + 1)?.length ?? 0) : 0))
  const estimateSize = useCallback((index: number) => rowHeight * (1 + marksAt(index)), [places])
  // a new function means that every row is measured again, so it changes with the lines only, never with scrolling; rows of one height need no names
  const getItemKey = useCallback((index: number) => (wrap ? (lines[index]?.cursor ?? index) : index), [version, places])
  const rows = useVirtualizer({ count: lines.length, getScrollElement: () => scroller.current, estimateSize, overscan: 10, getItemKey })
  return { rows, before: (index: number) => places.get(index), after: (index: number) => (index === last ? places.get(last + 1) : undefined) }
}
