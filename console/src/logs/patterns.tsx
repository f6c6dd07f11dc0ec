import { useQuery } from '@tanstack/react-query'
import type { LogPattern } from '#contract/logs.ts'
import { Ago } from '../components/ago.tsx'
import { Button } from '../components/button.tsx'
import { Empty } from '../components/empty.tsx'
import { Select } from '../components/field.tsx'
import { Problem } from '../components/problem.tsx'
import { Skeleton } from '../components/skeleton.tsx'
import { Spark } from '../components/spark.tsx'
import { api } from '../data/api.ts'
import { queries } from '../data/queries.ts'
import { searchOfPattern, withTest } from '../lib/log-search.ts'
import { plural } from '../lib/numbers.ts'
import type { LogFilter } from '../paths.ts'
import { queryOf, rangeOf, spanOf, spans } from './log-query.ts'

type Props = { filter: LogFilter; onFilter: (change: Partial<LogFilter>) => void }

/** Lines that say the same, in groups; or those that came with a release. */
export function Patterns({ filter, onFilter }: Props) {
  const query = queryOf(filter)
  const range = rangeOf(filter)
  const span = spanOf(filter)
  const newSince = filter.app === undefined ? undefined : filter.new
  const found = useQuery({
    queryKey: ['log-patterns', query, range, span, newSince],
    queryFn: ({ signal }) =>
      api.call('logs.patterns', { query: { ...query, ...(range ?? (newSince === undefined ? { since: new Date(Date.now() - (spans[span]?.ms ?? 0)).toISOString() } : {})), ...(newSince === undefined ? {} : { newSince }) } }, signal),
    refetchInterval: 30_000,
    retry: false,
  })
  return (
    <div className="flex h-full min-h-0 flex-col">
      <div className="flex flex-wrap items-center gap-x-5 gap-y-1 border-b border-rule px-3 py-2 text-sm text-soft">
        <Releases filter={filter} onFilter={onFilter} />
        {found.data === undefined ? null : (
          <span role="status">
            {plural(found.data.patterns.length, 'pattern')} in {plural(found.data.lines, 'line')}
            {newSince === undefined ? '' : found.data.compared === 0 ? '; no earlier release has lines to compare with' : `, none of them in ${plural(found.data.compared, 'line')} before`}
            {found.data.partial ? '; not all lines were looked through' : ''}
          </span>
        )}
      </div>
      <div tabIndex={0} role="region" aria-label="Patterns" className="min-h-0 flex-1 overflow-auto">
        {found.isError ? (
          <div className="p-4">
            <Problem error={found.error} title="The patterns could not be read" />
          </div>
        ) : found.data === undefined ? (
          <div className="p-3">
            <Skeleton rows={8} height={20} />
          </div>
        ) : found.data.patterns.length === 0 ? (
          <div className="px-6 py-4">
            <Empty title={newSince === undefined ? 'No lines in this time.' : `Nothing new since ${newSince}.`} />
          </div>
        ) : (
          <ul>
            {found.data.patterns.map((one) => (
              <Pattern key={one.pattern} pattern={one} filter={filter} onFilter={onFilter} />
            ))}
          </ul>
        )}
      </div>
    </div>
  )
}

function Releases({ filter, onFilter }: Props) {
  const releases = useQuery({ ...queries.releases({ app: filter.app ?? '', env: filter.env ?? 'production' }), enabled: filter.app !== undefined }).data ?? []
  if (filter.app === undefined) return <span>Choose an app to see what came with a release.</span>
  return (
    <Select label="New since a release" hideLabel value={filter.new ?? ''} onChange={(event) => onFilter({ new: event.target.value === '' ? undefined : event.target.value })}>
      <option value="">all patterns</option>
      {releases.slice(0, 30).map(({ number }) => (
        <option key={number} value={`v${number}`}>
          new since v{number}
        </option>
      ))}
    </Select>
  )
}

function Pattern({ pattern: { pattern, count, levels, lastAt, spread }, filter, onFilter }: { pattern: LogPattern } & Props) {
  const search = searchOfPattern(pattern)
  const worst = levels.error > 0 ? 'error' : levels.warn > 0 ? 'warn' : null
  const tone = worst === 'error' ? 'text-red' : worst === 'warn' ? 'text-amber' : ''
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-rule px-3 py-1.5 hover:bg-hover">
      <span className="num w-[7ch] text-right max-sm:w-auto">{count}</span>
      <Spark values={spread} width={90} height={22} label={`${count} lines over the time`} />
      <span className={`min-w-0 flex-1 basis-80 font-mono text-[12.5px] break-all max-sm:order-last max-sm:basis-full ${tone}`}>
        {worst === null ? null : <span aria-hidden="true">{worst === 'error' ? '✕ ' : '▲ '}</span>}
        {worst === null ? null : <span className="sr-only">{worst}: </span>}
        {pattern.split(/(<(?:n|id|ip|time|text|\*)>)/).map((piece, at) => (at % 2 === 1 ? <span key={at} className="text-soft">{piece}</span> : piece))}
      </span>
      <span className="text-sm text-soft max-sm:hidden">
        <Ago at={lastAt} />
      </span>
      {search === '' ? null : (
        <span className="flex gap-1 max-sm:ml-auto">
          <Button size="sm" tone="quiet" onClick={() => onFilter({ view: undefined, q: withTest(filter.q, search, 'filter') })}>
            Lines
          </Button>
          <Button size="sm" tone="quiet" onClick={() => onFilter({ q: withTest(filter.q, search.includes('" "') ? `(${search})` : search, 'exclude') })}>
            Hide
          </Button>
        </span>
      )}
    </li>
  )
}
