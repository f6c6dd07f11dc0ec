import type { Outcome as TestOutcome } from '#contract/checks.ts'
import { HealthMark } from '../components/health.tsx'
import { shortMs } from '../lib/check-words.ts'

const marks = { ok: 'healthy', warn: 'degraded', err: 'down' } as const

/** What a test run saw. */
export function Outcome({ result }: { result: TestOutcome }) {
  return (
    <div className="flex gap-3 rounded-md border border-rule bg-sheet p-4">
      <span className="pt-1">
        <HealthMark health={marks[result.status]} />
      </span>
      <div className="min-w-0">
        <p className="break-words">
          {result.status}: {result.message} <span className="num text-sm text-soft">{shortMs(result.durationMs)}</span>
        </p>
        <p className="num flex flex-wrap gap-x-4 text-sm text-soft">
          {result.metrics.map((metric) => (
            <span key={metric.name}>
              {metric.name} {metric.value} {metric.unit ?? ''}
            </span>
          ))}
        </p>
      </div>
    </div>
  )
}
