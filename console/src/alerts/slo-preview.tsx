import { useQuery } from '@tanstack/react-query'
import type { SloSpec, SloTrial } from '#contract/alerting.ts'
import { Chart } from '../components/chart.tsx'
import { FormProblem } from '../components/problem.tsx'
import { SkeletonBlock } from '../components/skeleton.tsx'
import { type SloPlace, queries } from '../data/queries.ts'
import { useSettled } from '../data/use-settled.ts'
import { formatCount, formatDuration, formatShare, plural } from '../lib/numbers.ts'
import { objectiveWords } from '../lib/slo-words.ts'
import { Firings } from './firings.tsx'

const height = 160

/** How the last day would have done against the objectives, as they are typed. */
export function SloPreview({ place, spec, missing }: { place: SloPlace | null; spec: SloSpec | null; missing: string | null }) {
  const settled = useSettled(spec)
  const query = useQuery({ ...queries.sloTrial(place ?? { app: '', env: '', service: undefined }, settled), enabled: settled !== null && place !== null })
  return (
    <section aria-label="How the last day would have done" className="min-w-0 rounded-lg border border-rule p-4">
      <h2 className="mb-3 text-lg">How the last day would have done</h2>
      <div aria-live="polite">{missing !== null ? <p className="text-soft">Nothing yet: {missing}.</p> : query.error ? <FormProblem error={query.error} /> : query.data === undefined ? null : <Said trial={query.data} windowMs={(settled ?? spec)?.windowMs ?? 0} alerts={(settled ?? spec)?.alerts ?? true} />}</div>
      {missing !== null || query.error ? null : query.data === undefined ? (
        <SkeletonBlock height={height} label="Loading the preview" />
      ) : (
        query.data.objectives.map((one) => <Burned key={one.kind} one={one} trial={query.data} />)
      )}
    </section>
  )
}

function Said({ trial, windowMs, alerts }: { trial: SloTrial; windowMs: number; alerts: boolean }) {
  return (
    <ul className="space-y-2">
      {trial.objectives.map((one) => (
        <li key={one.kind}>
          {one.total === 0 ? `${objectiveWords(one)}: no requests came, so that nothing can be said.` : `${objectiveWords(one)}: ${formatCount(one.bad)} of ${formatCount(one.total)} did not (${formatShare(one.bad / one.total)}). ${one.lastsMs === null ? `At that pace the error budget of ${formatDuration(windowMs)} is enough.` : `At that pace the error budget of ${formatDuration(windowMs)} lasts ${formatDuration(one.lastsMs)}.`} ${!alerts ? 'Nobody would be alerted.' : one.fired.length === 0 ? 'It would not have alerted.' : `It would have alerted ${plural(one.fired.length, 'time')}.`}`}
        </li>
      ))}
    </ul>
  )
}

function Burned({ one, trial }: { one: SloTrial['objectives'][number]; trial: SloTrial }) {
  if (one.total === 0) return null
  const values = one.points.map(([, burn]) => burn)
  const title = one.kind === 'availability' ? 'Burn rate by failures' : 'Burn rate by slow answers'
  const format = (burn: number) => `${burn >= 10 ? Math.round(burn) : Number(burn.toFixed(1))}×`
  return (
    <div className="mt-4">
      <Chart
        title={title} about={<span className="num">{format(values.at(-1) ?? 0)}</span>} times={one.points.map(([at]) => at / 1000)} height={height} minutes={1440} until={Date.parse(trial.until) / 1000} floor={trial.criticalAt * 1.2} format={format}
        lines={[{ name: 'burn rate', values, tone: 'accent' }, { name: `critical at ${trial.criticalAt}×`, values: values.map(() => trial.criticalAt), tone: 'red-mark' }]}
        markers={one.fired.map(({ from, because }) => ({ at: Date.parse(from) / 1000, label: 'alerts', about: because, tone: 'red-mark' }))}
      />
      <Firings fired={one.fired} />
    </div>
  )
}
