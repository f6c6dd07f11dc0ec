import type { Comparator, Condition } from '#contract/alerting.ts'
import type { MetricUnit } from '#contract/metric-words.ts'
import { Input, Select } from '../components/field.tsx'
import { type RuleText, kindsOf } from '../lib/rule-edit.ts'
import { conditionKinds } from '../lib/rule-words.ts'

type Props = { text: RuleText; unit: MetricUnit; onChange: (change: Partial<RuleText>) => void }

const comparators: readonly { is: Comparator; text: string }[] = [
  { is: '>', text: 'more than' },
  { is: '>=', text: 'at least' },
  { is: '<', text: 'less than' },
  { is: '<=', text: 'at most' },
  { is: '==', text: 'exactly' },
  { is: '!=', text: 'anything but' },
]
const examples: Record<MetricUnit, string> = { share: '5%', bytes: '500MB', seconds: '500ms', cores: '1.5', count: '1000' }

/** When a rule holds: the kind, and what that kind needs. */
export function ConditionFields(props: Props) {
  const { text, onChange } = props
  const kinds = kindsOf(text)
  return (
    <div className="grid items-start gap-4 sm:grid-cols-2">
      <Select label="It fires when" className="sm:col-span-2" value={text.kind} onChange={(event) => onChange({ kind: event.target.value as Condition['kind'] })} hint={conditionKinds.find(({ kind }) => kind === text.kind)?.about}>
        {conditionKinds.filter(({ kind }) => kind === text.kind || kinds.includes(kind)).map(({ kind, title }) => (
          <option key={kind} value={kind}>
            {title}
          </option>
        ))}
      </Select>
      <OfKind {...props} />
    </div>
  )
}

function OfKind(props: Props) {
  const { text, onChange } = props
  const set = (name: keyof RuleText) => (event: { target: { value: string } }) => onChange({ [name]: event.target.value })
  switch (text.kind) {
    case 'absence':
      return null
    case 'threshold':
      return <Compared {...props} example={examples[props.unit]} />
    case 'change':
      return (
        <>
          <Compared {...props} example={text.unit === 'percent' ? '50%' : examples[props.unit]} />
          <Select label="The change is" value={text.unit} onChange={set('unit')} hint="Less of it is a change below zero, such as −50%.">
            <option value="percent">in percent of what it was</option>
            <option value="absolute">in the unit of the metric</option>
          </Select>
          <Input label="Against the value of so long before" value={text.over} onChange={set('over')} placeholder="1h" />
        </>
      )
    case 'unusual':
      return (
        <>
          <Select label="It is far" value={text.side} onChange={set('side')}>
            <option value="both">above or below</option>
            <option value="above">above</option>
            <option value="below">below</option>
          </Select>
          <Input label="So many times further than usual" type="number" min={1} max={100} step="any" value={text.factor} onChange={set('factor')} />
          <Input label="Days before that say what is usual" className="sm:col-span-2" value={text.days} onChange={set('days')} hint="1 is yesterday. 7, 14, 21, 28 are the same day of other weeks." />
        </>
      )
    case 'forecast':
      return (
        <>
          <Compared {...props} example={examples[props.unit]} />
          <Input label="Within" value={text.within} onChange={set('within')} placeholder="24h" />
          <Input label="By the trend of the last" value={text.from} onChange={set('from')} placeholder="6h" />
        </>
      )
  }
}

function Compared({ text, example, onChange }: Props & { example: string }) {
  return (
    <div className="grid grid-cols-2 gap-4 sm:col-span-2">
      <Select label="Compared" value={text.is} onChange={(event) => onChange({ is: event.target.value as Comparator })}>
        {comparators.map(({ is, text: words }) => (
          <option key={is} value={is}>
            {words}
          </option>
        ))}
      </Select>
      <Input label="Value" value={text.value} onChange={(event) => onChange({ value: event.target.value })} placeholder={example} inputMode="text" />
    </div>
  )
}
