import type { AppSummary } from '#contract/model.ts'

export type Health = AppSummary['health'] | 'unknown'

/** The word beside the mark: colour never speaks alone. */
export const healthWords: Record<Health, string> = {
  healthy: 'healthy',
  working: 'working',
  degraded: 'degraded',
  down: 'down',
  stopped: 'stopped',
  empty: 'never deployed',
  unknown: 'unknown',
}

const tones: Record<Health, string> = {
  healthy: 'text-healthy-mark',
  working: 'text-amber-mark',
  degraded: 'text-amber-mark',
  down: 'text-red-mark',
  stopped: 'text-rule-strong',
  empty: 'text-rule-strong',
  unknown: 'text-rule-strong',
}

export const healthText: Record<Health, string> = {
  healthy: 'text-soft',
  working: 'text-amber',
  degraded: 'text-amber',
  down: 'text-red',
  stopped: 'text-soft',
  empty: 'text-soft',
  unknown: 'text-soft',
}

/** Health as a phase of the moon: full = all there, half = some missing, dark with a bar = none. */
export function HealthMark({ health, size = 14 }: { health: Health; size?: number }) {
  return (
    <svg viewBox="0 0 16 16" width={size} height={size} aria-hidden="true" className={`block shrink-0 ${tones[health]}`}>
      {shapes[health]}
    </svg>
  )
}

const ring = <circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" strokeWidth="1.6" />
const shapes: Record<Health, React.ReactNode> = {
  healthy: <circle cx="8" cy="8" r="5.6" fill="currentColor" />,
  working: (
    <>
      <circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" strokeWidth="1.6" opacity="0.35" />
      <path d="M8 2a6 6 0 0 1 6 6" fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round" className="origin-center animate-[turn_2.4s_linear_infinite]" />
      <circle cx="8" cy="8" r="2.4" fill="currentColor" />
    </>
  ),
  degraded: (
    <>
      {ring}
      <path d="M8 2a6 6 0 0 1 0 12Z" fill="currentColor" />
    </>
  ),
  down: (
    <>
      {ring}
      <path d="M5.4 5.4l5.2 5.2M10.6 5.4l-5.2 5.2" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" />
    </>
  ),
  stopped: (
    <>
      {ring}
      <path d="M5 8h6" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" />
    </>
  ),
  empty: <circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" strokeWidth="1.6" strokeDasharray="2.2 2.5" />,
  unknown: (
    <>
      {ring}
      <path d="M4 9.5 9.5 4M6 12l6-6" stroke="currentColor" strokeWidth="1.2" />
    </>
  ),
}

export function HealthLabel({ health, className = '' }: { health: Health; className?: string }) {
  return (
    <span className={`inline-flex items-center gap-2 whitespace-nowrap ${healthText[health]} ${className}`}>
      <HealthMark health={health} />
      {healthWords[health]}
    </span>
  )
}
