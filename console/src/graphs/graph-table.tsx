import type { Mark } from '../lib/graph-marks.ts'
import type { Drawn } from '../lib/graphs.ts'
import { plural } from '../lib/numbers.ts'
import { exactTime, readoutTime } from '../lib/times.ts'

/** What a graph draws, in words: values newest first, then what happened. */
export function GraphTable({ title, drawn, format, minutes, marks }: { title: string; drawn: Drawn; format: (value: number) => string; minutes: number; marks: readonly Mark[] }) {
  const cell = 'px-2 py-1 text-right font-normal whitespace-nowrap'
  return (
    <div className="mt-2 max-h-80 overflow-auto rounded-md border border-rule bg-sheet" role="region" aria-label={`Values of ${title}`} tabIndex={0}>
      <table className="num w-full text-xs">
        <caption className="sr-only">Values of {title}, newest first</caption>
        <thead>
          <tr className="sticky top-0 bg-sheet text-soft">
            <th scope="col" className={`${cell} text-left`}>
              time
            </th>
            {drawn.lines.map((line) => (
              <th key={line.name} scope="col" className={cell}>
                {line.name}
              </th>
            ))}
            {drawn.rest === null ? null : (
              <th scope="col" className={cell}>
                {plural(drawn.rest.count, 'other')}
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {drawn.times.map((time, at) => ({ time, at })).reverse().map(({ time, at }) => (
            <tr key={time} className="border-t border-rule">
              <th scope="row" className={`${cell} text-left`} title={exactTime(new Date(time * 1000).toISOString())}>
                {readoutTime(time * 1000, minutes)}
              </th>
              {drawn.lines.map((line) => (
                <td key={line.name} className={cell}>
                  {line.values[at] === null || line.values[at] === undefined ? '–' : format(line.values[at])}
                </td>
              ))}
              {drawn.rest === null ? null : <td className={cell}>{span(drawn.rest.low[at], drawn.rest.high[at], format)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
      {marks.length === 0 ? null : (
        <ol aria-label="What happened meanwhile" className="border-t border-rule px-2 py-1 text-xs text-soft">
          {marks.toReversed().map((mark) => (
            <li key={`${mark.at} ${mark.label}`}>
              <span className="num">{readoutTime(mark.at * 1000, minutes)}</span> {mark.about}
            </li>
          ))}
        </ol>
      )}
    </div>
  )
}

const span = (low: number | null | undefined, high: number | null | undefined, format: (value: number) => string) => (low === null || low === undefined || high === null || high === undefined ? '–' : `${format(low)} to ${format(high)}`)
