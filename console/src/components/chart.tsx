import { Suspense, lazy } from 'react'
import { SkeletonBlock } from './skeleton.tsx'

const ChartCanvas = lazy(() => import('./chart-canvas.tsx'))

/** `before`: the same line of an earlier time, drawn faintly behind it. */
export type ChartLine = { name: string; values: (number | null)[]; tone: 'accent' | 'ink' | 'ink-soft' | 'rule-strong' | 'red-mark'; before?: (number | null)[] | null }
/** `about` is told where the pointer is near. */
export type ChartMarker = { at: number; label: string; about?: string; tone?: 'rule-strong' | 'amber-mark' | 'red-mark' | 'violet' }
export type ChartProps = {
  title: string
  /** What the graph says, in words: the value now and how it compares. */
  about: React.ReactNode
  /** Seconds since 1970. */
  times: number[]
  lines: ChartLine[]
  /** Lines that are not drawn one by one: the values between which they lie, as a shaded band. */
  rest?: { count: number; low: (number | null)[]; high: (number | null)[] } | null
  markers: readonly ChartMarker[]
  format: (value: number) => string
  /** On the scale, where there is room for some eight characters; else as `format`. */
  scaleFormat?: ((value: number) => string) | undefined
  height: number
  /** The time shown, up to now or `until`. */
  minutes: number
  /** Seconds since 1970; the end of a graph of the past. */
  until?: number
  /** The least top of the scale, so that noise near zero stays small. */
  floor?: number
  /** Steps of the scale are powers of two. */
  bytes?: boolean
  /** Called with a span that was dragged over, in seconds since 1970. */
  onSpan?: ((from: number, to: number) => void) | undefined
}

/** A number over time with the releases on it. The words above it say what a screen reader needs. */
export function Chart({ title, about, ...rest }: ChartProps) {
  const isEmpty = rest.times.length === 0 || rest.lines.length === 0
  return (
    <figure className="min-w-0">
      <figcaption className="flex flex-wrap items-baseline justify-between gap-x-4">
        <span className="flex flex-wrap items-baseline gap-x-4 text-soft">
          {title}
          {rest.lines.length < 2 ? null : <Legend lines={rest.lines} others={rest.rest?.count ?? 0} />}
        </span>
        <span>{about}</span>
      </figcaption>
      <div className="relative" role="img" aria-label={`Graph: ${title}`}>
        {isEmpty ? (
          <p className="grid place-items-center rounded-md border border-dashed border-rule text-sm text-soft" style={{ height: rest.height }}>
            nothing measured in this time
          </p>
        ) : (
          <Suspense fallback={<SkeletonBlock height={rest.height} label={`Loading the graph of ${title}`} />}>
            <ChartCanvas {...rest} />
          </Suspense>
        )}
        <p data-readout aria-hidden="true" className="num pointer-events-none absolute right-0 top-0 min-h-4 max-w-full rounded-sm bg-paper px-1 text-right empty:invisible text-xs whitespace-pre-wrap" />
      </div>
    </figure>
  )
}

/** Of the band in which those lie that are not drawn one by one. */
export const bandOpacity = 0.14

const strokes = [undefined, '5 3', '2 3', '8 3 2 3']
/** Four dashes with as many tones as there are: after the fourth line each tone goes on with the next dash. */
export const dashOf = (index: number) => (index + Math.floor(index / 4)) % 4

/** Names beside their line: colour and dashes, as drawn. */
function Legend({ lines, others }: { lines: readonly ChartLine[]; others: number }) {
  return (
    <ul className="flex flex-wrap gap-x-4 text-xs text-soft">
      {lines.map((line, index) => (
        <li key={line.name} className="flex items-center gap-1.5">
          <svg width="18" height="6" aria-hidden="true">
            <path d="M0 3H18" stroke={`var(--${line.tone})`} strokeWidth="1.6" strokeDasharray={strokes[dashOf(index)]} />
          </svg>
          {line.name}
        </li>
      ))}
      {others === 0 ? null : (
        <li className="flex items-center gap-1.5">
          <svg width="18" height="10" aria-hidden="true">
            <rect width="18" height="10" rx="2" fill="var(--ink-soft)" opacity={bandOpacity} />
          </svg>
          {others} more
        </li>
      )}
    </ul>
  )
}
