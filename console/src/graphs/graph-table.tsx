import type { Mark } from '../lib/graph-marks.ts'
import type { Drawn } from '../lib/graphs.ts'
import { plural } from '../lib/numbers.ts'
import { exactTime, readoutTime } from '../lib/times.ts'

type Format = (value: number) => string
const cell = 'px-2 py-1 text-right font-normal whitespace-nowrap'

/** What a graph draws, in words: values newest first, then what happened. */
export function GraphTable({ title, drawn, format, minutes, marks }: { title: string; drawn: Drawn; format: Format; minutes: number; marks: readonly Mark[] }) {
  return (
    <div className="mt-2 max-h-80 overflow-auto rounded-md border border-rule bg-sheet" role="region" aria-label={`Values of ${title}`} tabIndex={0}>
      <table className="num w-full text-xs">
        <caption className="sr-only">Values of {title}, newest first</caption>
        <thead>
          <tr className="sticky top-0 bg-sheet text-soft">
            <th scope="col" className={`${cell} text-left`}>
              time
            </th>
            {[...drawn.lines.map((line) => line.name), ...(drawn.rest === null ? [] : [plural(drawn.rest.count, 'other')])].map((name) => (
              <th key={name} scope="col" className={cell}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {drawn.times.map((time, at) => <Row key={time} drawn={drawn} at={at} format={format} minutes={minutes} />).reverse()}
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

/** The values of one moment, the `at`-th. */
function Row({ drawn: { times, lines, rest }, at, format, minutes }: { drawn: Drawn; at: number; format: Format; minutes: number }) {
  const atMs = (times[at] as number) * 1000
  return (
    <tr className="border-t border-rule">
      <th scope="row" className={`${cell} text-left`} title={exactTime(new Date(atMs).toISOString())}>
        {readoutTime(atMs, minutes)}
      </th>
      {lines.map((line) => (
        <td key={line.name} className={cell}>
          {line.values[at] === null || line.values[at] === undefined ? '–' : format(line.values[at])}
        </td>
      ))}
      {rest === null ? null : <td className={cell}>{span(rest.low[at], rest.high[at], format)}</td>}
    </tr>
  )
}

const span = (low: number | null | undefined, high: number | null | undefined, format: Format) => (low === null || low === undefined || high === null || high === undefined ? '–' : `${format(low)} to ${format(high)}`)
