import type { TraceList } from '#contract/traces.ts'
import { durationBarsMs } from '#contract/waterfall.ts'
import { formatLatency, plural } from '../lib/numbers.ts'

const height = 64

/** How long they took, as bars; failed ones are the red part. A bar leads to those that took at least so long. */
export function Distribution({ durations, onSlower }: { durations: TraceList['durations']; onSlower: (ms: number) => void }) {
  const most = Math.max(1, ...durations.map((bar) => bar.traces))
  const total = durations.reduce((sum, bar) => sum + bar.traces, 0)
  return (
    <figure className="mb-7">
      <figcaption className="mb-2 text-sm text-soft">How long they took: {plural(total, 'trace')}</figcaption>
      <ol className="flex items-end gap-0.5">
        {durations.map((bar, nth) => {
          const from = nth === 0 ? 0 : (durationBarsMs[nth - 1] as number)
          const to = durationBarsMs[nth]
          const range = to === undefined ? `${formatMs(from)} and more` : `${formatMs(from)} to ${formatMs(to)}`
          return (
            <li key={from} className="min-w-0 flex-1">
              <button type="button" onClick={() => onSlower(from)} className="group flex w-full flex-col justify-end rounded-sm hover:bg-hover" style={{ height }} aria-label={`${range}: ${plural(bar.traces, 'trace')}, ${bar.errors} failed; show those and slower`} title={`${range}: ${bar.traces}`}>
                <span className="block w-full bg-red-mark" style={{ height: `${(bar.errors / most) * 100}%` }} />
                <span className="block w-full bg-accent opacity-60 group-hover:opacity-100" style={{ height: `${((bar.traces - bar.errors) / most) * 100}%`, minHeight: bar.traces > 0 ? 2 : 0 }} />
              </button>
              <span aria-hidden="true" className="num block border-t border-rule pt-0.5 text-[11px] whitespace-nowrap text-soft">
                {nth % 3 === 0 ? formatMs(from) : '\u00a0'}
              </span>
            </li>
          )
        })}
      </ol>
    </figure>
  )
}

const formatMs = (ms: number) => (ms < 10 ? `${ms} ms` : formatLatency(ms))
