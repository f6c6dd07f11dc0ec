import { type RefObject, useEffect, useLayoutEffect, useRef } from 'react'
import { rowHeight } from './log-row.tsx'
import type { LogLines } from './use-log-lines.ts'

/** Rows from the first one, at which older lines are asked for. */
const nearEdge = 30

type Options = { /** Of all rows, in pixels. */ total: number; following: boolean; onFollow: (following: boolean) => void; /** A line that is looked at with its surroundings: nothing is followed then. */ around: string | null }

/** Keeps the list at its end while somebody follows, and else at the lines they read when older ones come before them. */
export function useFollow(scroller: RefObject<HTMLDivElement | null>, log: LogLines, { total, following, onFollow, around }: Options): { follow: (next: boolean) => void; onScroll: () => void } {
  const lastPrepended = useRef(log.prepended)
  const lastTop = useRef(0)
  /** Where we scrolled to ourselves, until its event has come: it is nobody's wish to follow again. */
  const ownTop = useRef(-1)
  // read by the effect below in the very frame somebody scrolls up, before the state has come round
  const sticks = useRef(following)
  useEffect(() => {
    sticks.current = following
  }, [following])

  useLayoutEffect(() => {
    const added = log.prepended - lastPrepended.current
    lastPrepended.current = log.prepended
    const element = scroller.current
    if (element === null) return
    const before = element.scrollTop
    if (added > 0) element.scrollTop += added * rowHeight
    else if (following && sticks.current) element.scrollTop = element.scrollHeight
    if (element.scrollTop !== before) ownTop.current = element.scrollTop
    // wrapped rows get their true height only once they stand there
  }, [log.version, following, total])

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
  return { follow, onScroll }
}
