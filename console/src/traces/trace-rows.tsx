import type { TraceSummary } from '#contract/traces.ts'
import { A } from '../components/a.tsx'
import { Ago } from '../components/ago.tsx'
import { Tag } from '../components/tag.tsx'
import { formatLatency, plural } from '../lib/numbers.ts'
import { paths } from '../paths.ts'

/** One trace a row: what was asked, how long it took beside the longest of these, what went wrong. */
export function TraceRows({ traces }: { traces: readonly TraceSummary[] }) {
  const longest = Math.max(1, ...traces.map((trace) => trace.durationMs))
  return (
    <ul>
      {traces.map((trace) => (
        <li key={`${trace.traceId}/${trace.app}/${trace.environment}`} className="relative border-b border-rule py-(--row) hover:bg-hover">
          <A href={paths.trace(trace.traceId)} className="stretched flex flex-wrap items-center gap-x-4 gap-y-1 px-1">
            <span className="num w-16 shrink-0 text-right">{formatLatency(trace.durationMs)}</span>
            <span aria-hidden="true" className="h-2 w-24 shrink-0 max-sm:hidden">
              <span className={`block h-full rounded-sm ${trace.errors > 0 ? 'bg-red-mark' : 'bg-rule-strong'}`} style={{ width: `${Math.max(2, (trace.durationMs / longest) * 100)}%` }} />
            </span>
            <span className="min-w-0 flex-1 truncate">
              {trace.operation} <span className="text-soft">{trace.app === trace.service ? trace.app : `${trace.app}/${trace.service}`}</span>
            </span>
            {trace.errors > 0 ? <Tag tone="red">{plural(trace.errors, 'error')}</Tag> : trace.because === 'slow' ? <Tag>slow</Tag> : null}
            <span className="num w-48 shrink-0 truncate text-right text-sm text-soft max-md:hidden">
              {plural(trace.spans, 'span')}, {plural(trace.services.length, 'service')}
            </span>
            <Ago at={trace.at} className="w-20 shrink-0 text-right text-sm text-soft" />
          </A>
        </li>
      ))}
    </ul>
  )
}
