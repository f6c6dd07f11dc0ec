import { useTimeText } from '../data/use-now.ts'
import { clockTime, clockTimeSeconds, exactTime, marginTime, relativeTime } from '../lib/times.ts'
import { formatDuration } from '../lib/numbers.ts'
import { Tip } from './tip.tsx'

/** `4 min ago`; the exact time and zone on hover and for screen readers' details. */
export function Ago({ at, className = '' }: { at: string; className?: string }) {
  const said = useTimeText((now) => relativeTime(at, now))
  return (
    <Tip text={() => exactTime(at)}>
      <time dateTime={at} className={`whitespace-nowrap ${className}`}>
        {said}
      </time>
    </Tip>
  )
}

/** The clock today, the date before: for the margin of a ledger. */
export function MarginTime({ at }: { at: string }) {
  const said = useTimeText((now) => marginTime(at, now))
  return (
    <Tip text={() => `${exactTime(at)}, ${relativeTime(at, Date.now())}`}>
      <time dateTime={at}>{said}</time>
    </Tip>
  )
}

/** How long something has lasted, counting on while it has not ended. */
export function Lasting({ from, to }: { from: string; to: string | null }) {
  const said = useTimeText((now) => {
    const ms = Math.max(0, (to === null ? now : Date.parse(to)) - Date.parse(from))
    return formatDuration(to === null ? Math.floor(ms / 1000) * 1000 : ms)
  })
  return <span className="whitespace-nowrap tabular-nums">{said}</span>
}

/** `03:07`; with `seconds` `03:07:41`, where there is room for it. */
export function ClockTime({ at, seconds = false }: { at: string; seconds?: boolean }) {
  return (
    <Tip text={() => exactTime(at)}>
      <time dateTime={at} className="num">
        {clockTime(at)}
        {seconds ? <span className="max-sm:hidden">{clockTimeSeconds(at).slice(5)}</span> : null}
      </time>
    </Tip>
  )
}
