import type { Span } from '#contract/traces.ts'
import type { Waterfall, WaterfallRow } from '#contract/waterfall.ts'
import { formatLatency } from '../lib/numbers.ts'
import { shadesOf } from './shades.ts'
import { SpanDetail } from './span-detail.tsx'

const mostIndent = 8

/** Who did it: a service, or for the proxy who asked whom. */
export function whoOf(span: Span): string {
  if (!span.byProxy) return span.service
  const from = span.attributes['nightshift.from']
  return `${typeof from === 'string' ? from : 'ingress'} → ${span.service}`
}

export function WaterfallView({ waterfall, open, onOpen }: { waterfall: Waterfall; open: string | undefined; onOpen: (spanId: string | undefined) => void }) {
  const { rows, durationMs } = waterfall
  const shades = shadesOf(rows.map((row) => row.span.service))
  return (
    <div>
      <Scale durationMs={durationMs} />
      <ol aria-label="Spans">
        {rows.map((row) => (
          <li key={row.span.spanId} className="border-b border-rule">
            <SpanRow row={row} wholeMs={durationMs} shade={shades.get(row.span.service) as string} open={open === row.span.spanId} onToggle={() => onOpen(open === row.span.spanId ? undefined : row.span.spanId)} />
            {open === row.span.spanId ? <SpanDetail span={row.span} /> : null}
          </li>
        ))}
      </ol>
    </div>
  )
}

function SpanRow({ row, wholeMs, shade, open, onToggle }: { row: WaterfallRow; wholeMs: number; shade: string; open: boolean; onToggle: () => void }) {
  const { span, depth, offsetMs, critical, orphan } = row
  const failed = span.status === 'error'
  const left = wholeMs === 0 ? 0 : (offsetMs / wholeMs) * 100
  const width = wholeMs === 0 ? 100 : (span.durationMs / wholeMs) * 100
  return (
    <button type="button" aria-expanded={open} onClick={onToggle} className="flex w-full items-center gap-3 py-1 text-left hover:bg-hover max-md:flex-wrap max-md:gap-y-0.5 max-md:py-2">
      <span className="w-[38%] min-w-0 truncate max-md:w-[calc(100%-6rem)]" style={{ paddingLeft: Math.min(depth, mostIndent) * 14 }}>
        <span aria-hidden="true" className="mr-2 inline-block size-2.5 rounded-[2px] align-baseline" style={{ background: shade }} />
        <span className={failed ? 'text-red' : critical ? 'font-medium' : ''}>
          {failed ? '✕ ' : ''}
          {whoOf(span)}
        </span>{' '}
        <span className="text-soft">{span.name}</span>
        {orphan ? <span className="text-sm text-soft"> (its parent did not come)</span> : null}
        {failed ? <span className="sr-only">, failed</span> : null}
        {critical ? <span className="sr-only">, on the critical path</span> : null}
      </span>
      <span className="num w-20 shrink-0 text-right text-sm md:order-last">{formatLatency(span.durationMs)}</span>
      <span aria-hidden="true" className="relative h-4 min-w-0 flex-1 max-md:w-full max-md:flex-none">
        <span className={`absolute inset-y-[3px] rounded-[2px] ${failed ? 'outline-2 outline-red-mark' : ''}`} style={{ left: `${left}%`, width: `max(2px, ${width}%)`, background: shade }} />
        {critical ? <span className="absolute bottom-0 h-[2px] bg-ink" style={{ left: `${left}%`, width: `max(2px, ${width}%)` }} /> : null}
      </span>
    </button>
  )
}

function Scale({ durationMs }: { durationMs: number }) {
  return (
    <div aria-hidden="true" className="num flex gap-3 border-b border-rule-strong pb-1 text-xs text-soft max-md:hidden">
      <span className="w-[38%]">
        <span className="mr-1 inline-block h-[2px] w-4 bg-ink align-middle" /> the path that was waited for
      </span>
      <span className="flex flex-1 justify-between">
        {[0, 0.25, 0.5, 0.75, 1].map((share) => (
          <span key={share}>{share === 0 ? '0' : formatLatency(durationMs * share)}</span>
        ))}
      </span>
      <span className="w-20" />
    </div>
  )
}
