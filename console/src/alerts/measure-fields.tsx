import type { MetricName } from '#contract/metrics.ts'
import { Input, Select } from '../components/field.tsx'
import { MetricFields, labelsOf } from '../components/metric-fields.tsx'
import type { Grouping, MeasureText } from '../lib/rule-edit.ts'

/** One number a series: a metric, what of it, and which of its series are one. */
export function MeasureFields({ legend, value, onChange, names }: { legend: string; value: MeasureText; onChange: (value: MeasureText) => void; names: readonly MetricName[] }) {
  const labels = labelsOf(value.metric, names)
  return (
    <fieldset className="grid items-start gap-4 sm:grid-cols-2">
      <legend className="sr-only">{legend}</legend>
      <MetricFields value={value} names={names} onChange={(change) => onChange({ ...value, ...change })}>
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
