import type { CheckState } from '#contract/checks.ts'
import { stateTone } from '../lib/check-words.ts'

const words = (strip: readonly (CheckState | null)[]) => {
  const down = strip.filter((state) => state === 'down').length
  return down === 0 ? 'never down in the last 24 hours' : `down in ${down} of the last 48 half hours`
}

/** The last 24 hours, a bar each half hour, coloured by its worst state. */
export function StateStrip({ strip }: { strip: readonly (CheckState | null)[] }) {
  return (
    <span role="img" aria-label={words(strip)} className="flex h-6 items-end gap-px">
      {strip.map((state, nth) => (
        <span key={nth} className={`w-[3px] rounded-[1px] ${state === null ? 'h-1 bg-rule' : `${stateTone[state]} ${state === 'down' ? 'h-6' : state === 'warn' ? 'h-4.5' : state === 'up' ? 'h-3 opacity-70' : 'h-3'}`}`} />
      ))}
    </span>
  )
}
