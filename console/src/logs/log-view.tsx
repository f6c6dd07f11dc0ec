import { useEffect, useState } from 'react'
import type { LogLine } from '#contract/model.ts'
import { Button } from '../components/button.tsx'
import { Check } from '../components/field.tsx'
import { Problem } from '../components/problem.tsx'
import { Skeleton } from '../components/skeleton.tsx'
import { usePhone } from '../lib/use-media.ts'
import { plural } from '../lib/numbers.ts'
import type { LogFilter } from '../paths.ts'
import { LineDetail } from './line-detail.tsx'
import { queryOf } from './log-query.ts'
import { LogList } from './log-list.tsx'
import { useLogLines } from './use-log-lines.ts'

type Props = { filter: LogFilter; onFilter: (change: Partial<LogFilter>) => void; linkTo: (filter: LogFilter) => string; children: React.ReactNode; height: string; empty: React.ReactNode }

/** Lines as they arrive: filter above, list below, one line's detail at the side. */
export function LogView({ filter, onFilter, linkTo, children, height, empty }: Props) {
  const phone = usePhone()
  const [following, setFollowing] = useState(true)
  const [wrap, setWrap] = useState(phone)
  const [selected, setSelected] = useState<LogLine | null>(null)
  const around = filter.line !== undefined && filter.at !== undefined ? { cursor: filter.line, at: filter.at } : null
  const log = useLogLines(queryOf(filter), around, !following && around === null)
  useEffect(() => setSelected(null), [JSON.stringify(filter)])
  usePauseKey(() => setFollowing((now) => !now))
  return (
    <div className="flex min-h-0 flex-col" style={{ height }}>
      <div className="mb-3">{children}</div>
      <div className="mb-2 flex flex-wrap items-center gap-x-5 gap-y-1 text-sm">
        {around !== null ? (
          <>
            <span className="text-soft">What stands around one line</span>
            <Button size="sm" onClick={() => onFilter({ line: undefined, at: undefined })}>
              Back to live
            </Button>
          </>
        ) : (
          <>
            <Button size="sm" aria-pressed={!following} onClick={() => setFollowing(!following)}>
              {following ? 'Pause' : 'Go on'}
            </Button>
            <span role="status" className="text-soft">
              {following ? 'Live' : `Paused${log.waiting === 0 ? '' : `, ${plural(log.waiting, 'new line')} waiting`}`}
            </span>
          </>
        )}
        <span className="num text-soft max-sm:hidden">{plural(log.lines.length, 'line')}</span>
        <span className="ml-auto">
          <Check label="Wrap" checked={wrap} onChange={setWrap} />
        </span>
      </div>
      <div className="flex min-h-0 flex-1 gap-4">
        <div className="relative min-w-0 flex-1 overflow-hidden rounded-lg border border-rule bg-well">
          {log.state === 'failed' ? (
            <div className="p-4">
              <Problem error={log.error} title="The logs could not be read" />
            </div>
          ) : log.state === 'asking' ? (
            <div className="p-3">
              <Skeleton rows={10} height={14} />
            </div>
          ) : log.lines.length === 0 ? (
            <div className="px-6 py-4">{empty}</div>
          ) : (
            <LogList key={wrap ? 'wrap' : 'flat'} log={log} wrap={wrap} showApp={filter.app === undefined} following={following && around === null} onFollow={setFollowing} selected={selected} onSelect={setSelected} around={around?.cursor ?? null} query={filter.q} />
          )}
        </div>
        {selected === null ? null : <LineDetail line={selected} linkTo={linkTo} filter={filter} onClose={() => setSelected(null)} />}
      </div>
    </div>
  )
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
