import { useQuery } from '@tanstack/react-query'
import { useId, useState } from 'react'
import type { Graph, GraphLine } from '#contract/dashboards.ts'
import { usualFn } from '#contract/metric-words.ts'
import type { MetricName } from '#contract/metrics.ts'
import { Button } from '../components/button.tsx'
import { Input, Select } from '../components/field.tsx'
import { queries } from '../data/queries.ts'
import { nameOf } from '../lib/graphs.ts'

const plain = ['avg', 'min', 'max', 'sum', 'last', 'rate', 'increase'] as const
const percentiles = ['p50', 'p90', 'p95', 'p99'] as const
const words: Partial<Record<GraphLine['fn'], string>> = { avg: 'mean', min: 'least', max: 'greatest', sum: 'sum of the series', last: 'newest', rate: 'rate, a second', increase: 'what was added' }

/** A graph is a metric, what of it, which labels tell lines apart, and which series. */
export function GraphForm({ names, onAdd }: { names: readonly MetricName[]; onAdd: (graph: Graph) => void }) {
  const list = useId()
  const [typed, setTyped] = useState({ metric: '', by: '', where: '', title: '' })
  const [chosen, setFn] = useState<GraphLine['fn'] | undefined>()
  const known = nameOf(typed.metric, names)
  const isHistogram = known !== undefined && known.name !== typed.metric
  const fns: readonly GraphLine['fn'][] = isHistogram ? percentiles : plain
  const fn = fns.find((one) => one === chosen) ?? (isHistogram ? 'p95' : known === undefined ? 'avg' : (fns.find((one) => one === usualFn(known.name, known.kind)) ?? 'rate'))
  const labels = (known?.labels ?? []).filter((label) => label !== 'le')
  const by = typed.by.split(',').map((one) => one.trim()).filter((one) => one !== '')
  const strange = by.find((label) => known !== undefined && !labels.includes(label))
  const wrongWhere = typed.where !== '' && !typed.where.split(',').every((part) => /^[a-zA-Z_]\w*=/.test(part.trim()))
  const whyNot = known === undefined ? 'choose a metric' : strange !== undefined ? `the metric has no label ${strange}` : wrongWhere ? 'conditions are label=value, with commas between' : null
  const set = (name: keyof typeof typed) => (event: { target: { value: string } }) => setTyped({ ...typed, [name]: event.target.value })
  return (
    <form
      aria-label="Add a graph"
      className="grid items-start gap-4 sm:grid-cols-2 lg:grid-cols-3"
      onSubmit={(event) => {
        event.preventDefault()
        if (whyNot !== null) return
        const where = typed.where.split(',').map((part) => part.trim()).filter((part) => part !== '').join(',')
        onAdd({ title: typed.title.trim() || titleOf(typed.metric, by), lines: [{ metric: typed.metric, fn, by, where }] })
        setTyped({ metric: '', by: '', where: '', title: '' })
        setFn(undefined)
      }}
    >
      <Input label="Metric" list={list} value={typed.metric} onChange={set('metric')} placeholder="nightshift_http_requests_total" hint={known === undefined ? `${names.length} are known; type a part of the name.` : `${isHistogram ? 'histogram' : known.kind} with ${known.series} series`} />
      <datalist id={list}>
        {names.map(({ name }) => (
          <option key={name} value={name.replace(/_bucket$/, '')} />
        ))}
      </datalist>
      <Select label="What of it" value={fn} onChange={(event) => setFn(event.target.value as GraphLine['fn'])}>
        {fns.map((one) => (
          <option key={one} value={one}>
            {words[one] ?? one}
          </option>
        ))}
      </Select>
      <Input label="A line for each" value={typed.by} onChange={set('by')} placeholder={labels.slice(0, 2).join(', ')} hint={labels.length === 0 ? 'Labels with commas between; none: one line.' : `Labels: ${labels.join(', ')}. None: one line.`} />
      <Input label="Only where" value={typed.where} onChange={set('where')} placeholder="app=shop,class=5xx" hint={known === undefined ? 'label=value, with commas between; * stands for any text.' : <Values metric={known.name} label={conditionLabel(typed.where, labels)} />} />
      <Input label="Title" value={typed.title} onChange={set('title')} maxLength={80} placeholder={known === undefined ? '' : titleOf(typed.metric, by)} />
      <div className="sm:pt-6">
        <Button type="submit" whyNot={whyNot} onClick={() => {}}>
          Add the graph
        </Button>
      </div>
    </form>
  )
}

/** The label whose value is being typed, or the first. */
const conditionLabel = (where: string, labels: readonly string[]) => labels.find((label) => label === where.split(',').at(-1)?.split('=')[0]) ?? labels[0]

function Values({ metric, label }: { metric: string; label: string | undefined }) {
  const values = useQuery({ ...queries.metricValues(metric, label ?? ''), enabled: label !== undefined }).data ?? []
  if (label === undefined || values.length === 0) return <>label=value, with commas between; * stands for any text.</>
  return (
    <>
      {label}: {values.slice(0, 6).map((value) => value || '(empty)').join(', ')}
      {values.length > 6 ? ', …' : ''}
    </>
  )
}

const titleOf = (metric: string, by: readonly string[]) => `${metric.replace(/^nightshift_/, '').replace(/_(total|bytes|seconds)$/, '').replaceAll('_', ' ')}${by.length === 0 ? '' : ` by ${by.join(', ')}`}`.slice(0, 80)
