import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { RuleSpec, RuleTrial } from '#contract/alerting.ts'
import { Choice, Select } from '../components/field.tsx'
import { FormProblem } from '../components/problem.tsx'
import { SkeletonBlock } from '../components/skeleton.tsx'
import { queries } from '../data/queries.ts'
import { useSettled } from '../data/use-settled.ts'
import { seriesName, trialWords } from '../lib/rule-words.ts'
import { Firings } from './firings.tsx'
import { TrialChart } from './trial-chart.tsx'

const spans = [{ value: '24', text: '24 h' }, { value: '72', text: '3 d' }, { value: '168', text: '7 d' }] as const
const height = 220

/** What the rule would have done, as it is typed. `watched`: what is drawn while it is no rule yet, `missing` says why. */
export function RulePreview({ spec, watched, missing }: { spec: RuleSpec | null; watched: RuleSpec | null; missing: string | null }) {
  const [hours, setHours] = useState<(typeof spans)[number]['value']>('24')
  const settled = useSettled(spec ?? watched)
  const query = useQuery({ ...queries.ruleTrial(settled, Number(hours)), enabled: settled !== null })
  const isLooking = spec !== null || watched !== null
  return (
    <section aria-label="What it would have done" className="min-w-0 rounded-lg border border-rule p-4">
      <div className="mb-3 flex flex-wrap items-baseline justify-between gap-x-4 gap-y-2">
        <h2 className="text-lg">What it would have done</h2>
        <Choice label="Time looked at" value={hours} options={spans} onChange={setHours} />
      </div>
      <div aria-live="polite">
        {missing !== null ? <p className="text-soft">Nothing yet: {missing}.</p> : query.error ? null : query.data === undefined ? null : <p>{trialWords(query.data, Number(hours))}</p>}
        {isLooking ? <FormProblem error={query.error} /> : null}
      </div>
      {!isLooking || query.error ? null : query.data === undefined || settled === null ? <SkeletonBlock height={height} label="Loading the preview" /> : <Past trial={spec === null ? { ...query.data, threshold: null } : query.data} spec={settled} hours={Number(hours)} />}
    </section>
  )
}

function Past({ trial, spec, hours }: { trial: RuleTrial; spec: RuleSpec; hours: number }) {
  const [chosen, setChosen] = useState('')
  const one = trial.series.find(({ series }) => series === chosen) ?? trial.series[0]
  if (one === undefined) return null
  return (
    <>
      {trial.series.length < 2 ? null : (
        <Select label="Series" className="mt-3" value={one.series} onChange={(event) => setChosen(event.target.value)} {...(trial.more === 0 ? {} : { hint: `${trial.more} more are not listed.` })}>
          {trial.series.map(({ series, fired }) => (
            <option key={series} value={series}>
              {seriesName(series)}
              {fired.length === 0 ? '' : ` (fired ${fired.length}×)`}
            </option>
          ))}
        </Select>
      )}
      <div className="mt-3">
        <TrialChart rule={spec} trial={trial} series={one} title={seriesName(one.series)} hours={hours} height={height} />
      </div>
      <Firings fired={one.fired} />
    </>
  )
}
