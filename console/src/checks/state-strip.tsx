import type { CheckState } from '#contract/checks.ts'
import { stateTone } from '../lib/check-words.ts'

const words = (strip: readonly (CheckState | null)[]) => {
  const down = strip.filter((state) => state === 'down').length
  return down === 0 ? 'never down in the last 24 hours' : `down in ${down} of the last 48 half hours`
}

const heights: Partial<Record<CheckState, number>> = { down: 24, warn: 18 }

/** The last 24 hours, a bar each half hour, coloured by its worst state. */
export function StateStrip({ strip }: { strip: readonly (CheckState | null)[] }) {
  return (
    <svg role="img" aria-label={words(strip)} width={strip.length * 4} height={24} className="block">
      {[...Map.groupBy(strip.map((state, nth) => ({ state, nth })), ({ state }) => state)].map(([state, bars]) => (
        <path key={state} d={bars.map(({ nth }) => `M${nth * 4} 24v${-(state === null ? 4 : (heights[state] ?? 12))}h3V24Z`).join('')} className={state === null ? 'text-rule' : stateTone[state]} opacity={state === 'up' ? 0.7 : 1} fill="currentColor" />
      ))}
    </svg>
  )
}
