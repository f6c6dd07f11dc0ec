import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { CheckDetail, CheckHistory } from '#contract/checks.ts'
import { MarginTime } from '../components/ago.tsx'
import { Answer } from '../components/answer.tsx'
import { Chart } from '../components/chart.tsx'
import { Choice } from '../components/field.tsx'
import { Entry, Ledger } from '../components/ledger.tsx'
import { Section } from '../components/page.tsx'
import { Skeleton } from '../components/skeleton.tsx'
import { queries } from '../data/queries.ts'
import { shortMs, stateText } from '../lib/check-words.ts'
import { formatDuration } from '../lib/numbers.ts'

const spans = [{ value: '24', text: '24 h' }, { value: '168', text: '7 d' }, { value: '336', text: '14 d' }] as const
type Span = (typeof spans)[number]['value']

/** Latency over time, the states it was in, and the runs that were not right. */
export function CheckPast({ check }: { check: CheckDetail }) {
  const [span, setSpan] = useState<Span>('24')
  const history = useQuery(queries.checkHistory(check.id, Number(span)))
  return (
    <Answer query={history} loading={<Skeleton rows={3} height={80} />} title="The history could not be read">
      {(past) => (
        <>
          <Section title="Latency" aside={<Choice label="Time" value={span} options={spans} onChange={setSpan} />}>
            <Latency past={past} hours={Number(span)} />
          </Section>
          <Section title="States" aside={past.uptime === null ? undefined : `up ${(past.uptime * 100).toFixed(past.uptime > 0.9999 ? 3 : 2)} % of the time watched`}>
            <States past={past} />
          </Section>
          {past.results.length === 0 ? null : (
            <Section title="What was seen" aside="runs that were not right, and those that changed something">
              <Results past={past} />
            </Section>
          )}
        </>
      )}
    </Answer>
  )
}

function Latency({ past, hours }: { past: CheckHistory; hours: number }) {
  const runs = past.points.reduce((sum, point) => sum + point.runs, 0)
  const average = runs === 0 ? 0 : past.points.reduce((sum, point) => sum + point.avgMs * point.runs, 0) / runs
  return (
    <Chart
      title="time of a run" about={runs === 0 ? null : <span className="num text-sm">{shortMs(average)} on average</span>} minutes={hours * 60} height={150} markers={[]} format={shortMs}
      times={past.points.map(({ at }) => Date.parse(at) / 1000)}
      lines={past.points.length === 0 ? [] : [{ name: 'average', values: past.points.map(({ avgMs }) => avgMs), tone: 'accent' }, { name: 'longest', values: past.points.map(({ maxMs }) => maxMs), tone: 'rule-strong' }]}
    />
  )
}

const shownStates = 20

function States({ past }: { past: CheckHistory }) {
  return (
    <Ledger label="States, newest first">
      {past.segments.slice(0, shownStates).map((one) => (
        <Entry key={one.since} when={<MarginTime at={one.since} />}>
          <span className={`font-medium ${stateText[one.state]}`}>{one.state}</span>
          <span className="text-sm text-soft"> for {formatDuration((one.until === null ? Date.now() : Date.parse(one.until)) - Date.parse(one.since))}</span>
          <p className="break-words">{one.because}</p>
        </Entry>
      ))}
    </Ledger>
  )
}

function Results({ past }: { past: CheckHistory }) {
  return (
    <Ledger label="Runs, newest first">
      {past.results.slice(0, shownStates).map((one, nth) => (
        <Entry key={nth} when={<MarginTime at={one.at} />}>
          <span className={one.status === 'err' ? 'text-red' : one.status === 'warn' ? 'text-amber' : 'text-soft'}>{one.status}</span> <span className="break-words">{one.message}</span>
          <span className="num text-sm text-soft">
            {' '}
            {shortMs(one.durationMs)}, from {one.vantage}
          </span>
        </Entry>
      ))}
    </Ledger>
  )
}
