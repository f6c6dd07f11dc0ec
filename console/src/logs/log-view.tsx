import { useEffect, useMemo, useState } from 'react'
import { isAppError } from '#base/errors.ts'
import type { LogLine } from '#contract/model.ts'
import { A } from '../components/a.tsx'
import { Button } from '../components/button.tsx'
import { Check, Choice, Select } from '../components/field.tsx'
import { Problem } from '../components/problem.tsx'
import { Skeleton } from '../components/skeleton.tsx'
import { plural } from '../lib/numbers.ts'
import { markedWords } from '../lib/log-search.ts'
import { clockTimeSeconds, longDate } from '../lib/times.ts'
import { usePhone } from '../lib/use-media.ts'
import { type LogFilter, paths } from '../paths.ts'
import type { SearchHelp } from './filters.tsx'
import { Histogram } from './histogram.tsx'
import { knownFields } from './known-fields.ts'
import { LineDetail } from './line-detail.tsx'
import { LogList } from './log-list.tsx'
import { type TimeRange, queryOf, rangeOf, ruleOf, spanOf, spans } from './log-query.ts'
import { Patterns } from './patterns.tsx'
import { type LogLines, useLogLines } from './use-log-lines.ts'
import { useMarks } from './use-marks.ts'

type Props = { filter: LogFilter; onFilter: (change: Partial<LogFilter>) => void; linkTo: (filter: LogFilter) => string; children: (help: SearchHelp) => React.ReactNode; height: string; empty: React.ReactNode }

/** Search above, then lines over time, then the lines as they arrive (or their patterns), one line's detail at the side. */
export function LogView({ filter, onFilter, linkTo, children, height, empty }: Props) {
  const phone = usePhone()
  const [following, setFollowing] = useState(true)
  const [wrap, setWrap] = useState(phone)
  const [selected, setSelected] = useState<LogLine | null>(null)
  const around = filter.line ?? null
  const words = useMemo(() => markedWords(filter.q ?? ''), [filter.q])
  const query = queryOf(filter)
  const range = around === null ? rangeOf(filter) : null
  const isLive = around === null && range === null
  const log = useLogLines(query, { around, range, paused: !following && isLive })
  const marks = useMarks(filter)
  const fault = isAppError(log.error, 'invalid') && log.state === 'failed' ? (log.error.fields.find((one) => one.path === 'q') ?? null) : null
  const view = filter.view === 'patterns' && around === null ? 'patterns' : 'lines'
  useEffect(() => setSelected(null), [JSON.stringify(filter)])
  usePauseKey(() => setFollowing((now) => !now))
  return (
    <div className="flex min-h-0 flex-col" style={{ height }}>
      <div className="mb-3">{children({ known: () => knownFields(log.lines), fault })}</div>
      {around !== null || fault !== null ? null : <Histogram query={query} range={range} span={spanOf(filter)} onRange={({ since, until }) => onFilter({ since, until })} />}
      <div className="mb-2 flex flex-wrap items-center gap-x-5 gap-y-1 text-sm">
        {isLive ? <Live following={following} onFollow={setFollowing} waiting={log.waiting} /> : <Past range={range} onLive={() => onFilter({ line: undefined, at: undefined, since: undefined, until: undefined })} />}
        <span className="num text-soft max-sm:hidden">{plural(log.lines.length, 'line')}</span>
        {around !== null || fault !== null ? null : (
          <A href={paths.newRule(ruleOf(filter))} className="text-soft underline decoration-dotted underline-offset-3 hover:text-ink max-sm:hidden">
            Make a rule
          </A>
        )}
        <span className="ml-auto flex flex-wrap items-center gap-x-4 gap-y-1">
          {around !== null ? null : <Choice label="View" value={view} options={views} onChange={(next) => onFilter({ view: next === 'patterns' ? 'patterns' : undefined })} />}
          {isLive ? <Span filter={filter} onFilter={onFilter} /> : null}
          {view === 'lines' ? <Check label="Wrap" checked={wrap} onChange={setWrap} /> : null}
        </span>
      </div>
      <div className="flex min-h-0 flex-1 gap-4">
        <div className="relative min-w-0 flex-1 overflow-hidden rounded-lg border border-rule bg-well">
          {view === 'patterns' && fault === null ? (
            <Patterns filter={filter} onFilter={onFilter} />
          ) : (
            <Lines log={log} isFault={fault !== null} empty={empty}>
              <LogList key={wrap ? 'wrap' : 'flat'} log={log} wrap={wrap} showApp={filter.app === undefined} following={following && isLive} onFollow={setFollowing} selected={selected} onSelect={setSelected} around={around} words={words} marks={marks} />
            </Lines>
          )}
        </div>
        {selected === null || view === 'patterns' ? null : <LineDetail line={selected} linkTo={linkTo} filter={filter} onFilter={onFilter} onClose={() => setSelected(null)} />}
      </div>
    </div>
  )
}

function Live({ following, onFollow, waiting }: { following: boolean; onFollow: (following: boolean) => void; waiting: number }) {
  return (
    <>
      <Button size="sm" aria-pressed={!following} onClick={() => onFollow(!following)}>
        {following ? 'Pause' : 'Go on'}
      </Button>
      <span role="status" className="text-soft">
        {following ? 'Live' : `Paused${waiting === 0 ? '' : `, ${plural(waiting, 'new line')} waiting`}`}
      </span>
    </>
  )
}

function Past({ range, onLive }: { range: TimeRange | null; onLive: () => void }) {
  return (
    <>
      <span className="text-soft">{range === null ? 'What stands around one line' : `${longDate(range.since)} ${clockTimeSeconds(range.since)} to ${clockTimeSeconds(range.until)}`}</span>
      <Button size="sm" onClick={onLive}>
        Back to live
      </Button>
    </>
  )
}

const views = [
  { value: 'lines', text: 'Lines' },
  { value: 'patterns', text: 'Patterns' },
] as const

function Span({ filter, onFilter }: Pick<Props, 'filter' | 'onFilter'>) {
  return (
    <Select label="Time of the histogram and of patterns" hideLabel value={spanOf(filter)} onChange={(event) => onFilter({ span: event.target.value === '1h' ? undefined : event.target.value })}>
      {Object.entries(spans).map(([name, { text }]) => (
        <option key={name} value={name}>
          last {text}
        </option>
      ))}
    </Select>
  )
}

function Lines({ log, isFault, empty, children }: { log: LogLines; isFault: boolean; empty: React.ReactNode; children: React.ReactNode }) {
  if (isFault) return <p className="px-6 py-4 text-soft">Nothing is shown until the search above is understood.</p>
  if (log.state === 'failed')
    return (
      <div className="p-4">
        <Problem error={log.error} title="The logs could not be read" />
      </div>
    )
  if (log.state === 'asking')
    return (
      <div className="p-3">
        <Skeleton rows={10} height={14} />
      </div>
    )
  return log.lines.length === 0 ? <div className="px-6 py-4">{empty}</div> : children
}

function usePauseKey(toggle: () => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)
      if (event.key === 'p' && !typing && !event.metaKey && !event.ctrlKey && !event.altKey && document.querySelector('[role=dialog]') === null) toggle()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  })
}
