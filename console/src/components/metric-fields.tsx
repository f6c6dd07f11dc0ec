import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useId } from 'react'
import { logLinesMetric } from '#contract/metric-words.ts'
import type { MetricFn, MetricName } from '#contract/metrics.ts'
import { queries } from '../data/queries.ts'
import { nameOf } from '../lib/graphs.ts'
import { usualOf } from '../lib/rule-edit.ts'
import { Input, Select } from './field.tsx'

const plain = ['avg', 'min', 'max', 'sum', 'last', 'rate', 'increase'] as const
const percentiles = ['p50', 'p90', 'p95', 'p99'] as const
const words: Partial<Record<MetricFn, string>> = { avg: 'mean', min: 'least', max: 'greatest', sum: 'sum of the series', last: 'newest', rate: 'rate, a second', increase: 'what was added' }

/** Which metric, what of it, and of which series. An empty `fn` is what is usual of the metric. */
export type MetricChoice = { metric: string; fn: MetricFn | ''; where: string }

/** Labels of a metric that tell its series apart; those of a histogram's buckets do not. */
export const labelsOf = (metric: string, names: readonly MetricName[]): string[] => (nameOf(metric.trim(), names)?.labels ?? []).filter((label) => label !== 'le')

/** What graphs and rules have in common. Lines of logs are no metric that somebody would look for. `children` stand between what is chosen and its conditions. */
export function MetricFields({ value, onChange, names, children }: { value: MetricChoice; onChange: (change: Partial<MetricChoice>) => void; names: readonly MetricName[]; children?: ReactNode }) {
  const list = useId()
  const known = nameOf(value.metric.trim(), names)
  const isHistogram = known !== undefined && known.name !== value.metric.trim()
  const isLines = known?.name === logLinesMetric
  const fns: readonly MetricFn[] = isHistogram ? percentiles : isLines ? ['increase', 'rate'] : plain
  const labels = labelsOf(value.metric, names)
  const fn = value.fn === '' ? usualOf(known, value.metric.trim()) : value.fn
  return (
    <>
      {isLines ? null : (
        <>
          <Input
            label="Metric" list={list} value={value.metric} placeholder="nightshift_http_requests_total" onChange={(event) => onChange({ metric: event.target.value, fn: '' })}
            hint={known === undefined ? (value.metric.trim() === '' ? `${names.length} are known; type a part of the name.` : 'Nobody measures this yet.') : `${isHistogram ? 'histogram' : known.kind} with ${known.series} series`}
          />
          <datalist id={list}>
            {names.map(({ name }) => (
              <option key={name} value={name.replace(/_bucket$/, '')} />
            ))}
          </datalist>
        </>
      )}
      <Select label="What of it" value={fn} onChange={(event) => onChange({ fn: event.target.value as MetricFn })}>
        {(fns.includes(fn) ? fns : [...fns, fn]).map((one) => (
          <option key={one} value={one}>
            {words[one] ?? one}
          </option>
        ))}
      </Select>
      {children}
      <Input label="Only where" value={value.where} onChange={(event) => onChange({ where: event.target.value })} placeholder="app=shop, class=5xx" hint={known === undefined || isLines ? conditions : <Values metric={known.name} label={conditionLabel(value.where, labels)} />} />
    </>
  )
}

const conditions = 'label=value, with commas between; * stands for any text.'

/** The label whose value is being typed, or the first. */
const conditionLabel = (where: string, labels: readonly string[]) => labels.find((label) => label === where.split(',').at(-1)?.split('=')[0]?.trim()) ?? labels[0]

function Values({ metric, label }: { metric: string; label: string | undefined }) {
  const values = useQuery({ ...queries.metricValues(metric, label ?? ''), enabled: label !== undefined }).data ?? []
  if (label === undefined || values.length === 0) return <>{conditions}</>
  return (
    <>
      {label}: {values.slice(0, 6).map((value) => value || '(empty)').join(', ')}
      {values.length > 6 ? ', …' : ''}
    </>
  )
}
