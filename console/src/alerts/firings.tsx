import { formatDuration, plural } from '../lib/numbers.ts'
import { exactTime, shortTime } from '../lib/times.ts'

const most = 6

/** When it would have fired, the newest first. */
export function Firings({ fired }: { fired: readonly { from: string; to: string | null; because: string; severity?: string }[] }) {
  if (fired.length === 0) return null
  return (
    <ol aria-label="When it would have fired" className="mt-2 divide-y divide-rule border-t border-rule text-sm">
      {fired.toReversed().slice(0, most).map(({ from, to, because, severity }) => (
        <li key={`${from}${severity ?? ''}`} className="py-1.5">
          <p className="flex flex-wrap gap-x-3">
            <time dateTime={from} title={exactTime(from)} className="num">
              {shortTime(from)}
            </time>
            <span className="text-soft">
              {severity === undefined ? '' : `${severity}, `}
              {to === null ? 'until now' : `for ${formatDuration(Date.parse(to) - Date.parse(from))}`}
            </span>
          </p>
          <p className="break-words text-soft">{because}</p>
        </li>
      ))}
      {fired.length > most ? <li className="py-1.5 text-soft">and {plural(fired.length - most, 'time')} before</li> : null}
    </ol>
  )
}
