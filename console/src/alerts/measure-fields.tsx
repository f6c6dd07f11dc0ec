import { logLinesMetric } from '#contract/metric-words.ts'
import type { MetricName } from '#contract/metrics.ts'
import { Input, Select } from '../components/field.tsx'
import { MetricFields, labelsOf } from '../components/metric-fields.tsx'
import { type Grouping, type MeasureText, countsLines } from '../lib/rule-edit.ts'

/** Lines of logs, which rules count as if they were a metric. */
const lines: MetricName = { name: logLinesMetric, kind: 'delta', series: 0, labels: ['app', 'environment', 'service'] }

/** One number a series: a metric, what of it, and which of its series are one. */
export function MeasureFields({ legend, value, onChange, names }: { legend: string; value: MeasureText; onChange: (value: MeasureText) => void; names: readonly MetricName[] }) {
  const isLines = countsLines(value)
  const labels = labelsOf(value.metric, [...names, lines])
  return (
    <fieldset className="grid items-start gap-4 sm:grid-cols-2">
      <legend className="sr-only">{legend}</legend>
      <Select label="Of" className="sm:col-span-2" value={isLines ? 'lines' : 'metric'} onChange={(event) => onChange({ ...value, fn: '', metric: event.target.value === 'lines' ? logLinesMetric : '' })}>
        <option value="metric">a metric</option>
        <option value="lines">log lines that a search finds</option>
      </Select>
      <MetricFields value={value} names={[...names, lines]} onChange={(change) => onChange({ ...value, ...change })}>
        {isLines ? <Input label="Lines that match" value={value.logs} onChange={(event) => onChange({ ...value, logs: event.target.value })} placeholder="level>=error timeout" hint="A search as in the room Logs; empty: every line." /> : null}
        <Select label="Looks at" value={value.grouping} onChange={(event) => onChange({ ...value, grouping: event.target.value as Grouping })}>
          <option value="each">each series alone</option>
          <option value="by">grouped by labels</option>
          <option value="one">all of them as one</option>
        </Select>
        {value.grouping === 'by' ? <Input label="One for each" value={value.by} onChange={(event) => onChange({ ...value, by: event.target.value })} placeholder={labels.slice(0, 2).join(', ')} hint={labels.length === 0 ? 'Labels, with commas between.' : `Labels: ${labels.join(', ')}.`} /> : null}
      </MetricFields>
    </fieldset>
  )
}
