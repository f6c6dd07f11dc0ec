import type { Rule, RuleSpec } from '#contract/alerting.ts'
import type { MetricName } from '#contract/metrics.ts'
import { Check, Input, Select, TextArea } from '../components/field.tsx'
import { Section } from '../components/page.tsx'
import { ButtonLink } from '../components/button.tsx'
import { TryFirst } from '../components/try-first.tsx'
import { useAction } from '../data/use-action.ts'
import { type RuleText, changed, specOf, valueUnit, watchedOf } from '../lib/rule-edit.ts'
import { idOf } from '../lib/typed.ts'
import { useDraft } from '../lib/use-draft.ts'
import { paths } from '../paths.ts'
import { ConditionFields } from './condition-fields.tsx'
import { MeasureFields } from './measure-fields.tsx'
import { RulePreview } from './rule-preview.tsx'

type Props = { /** The rule that is changed; without, one is made. */ rule?: Rule; start: RuleText; names: readonly MetricName[]; taken: readonly string[]; whyNot: string | null; onSaved: (rule: Rule) => void }

/** What it watches, when it fires, what is said; and beside it, as it is typed, what it would have done. */
export function RuleForm({ rule, start, names, taken, whyNot, onSaved }: Props) {
  const [text, setText] = useDraft(`draft of rule ${rule?.id ?? ''}`, start)
  const { spec, missing } = specOf(text, names)
  const save = useAction('rules.put', { done: (saved) => `The rule ${saved.title} is saved.`, touches: ['rules', 'alerts'], quiet: true, onDone: onSaved })
  const change = (part: Partial<RuleText>) => setText((before) => changed(before, part))
  const id = rule?.id ?? idOf(text.title || (spec?.title ?? ''), taken, 'rule')
  const blocked = whyNot ?? missing
  return (
    <form
      aria-label={rule === undefined ? 'New rule' : 'Rule'}
      className="grid gap-x-10 lg:grid-cols-[minmax(0,1fr)_minmax(0,460px)] lg:grid-rows-[auto_1fr]"
      onSubmit={(event) => {
        event.preventDefault()
        if (blocked === null && spec !== null) save.mutate({ params: { rule: id }, body: spec })
      }}
    >
      <div className="min-w-0">
        <Watches text={text} names={names} change={change} />
        <Section title="When it fires">
          <ConditionFields text={text} unit={unitOf(spec, text)} onChange={change} />
          <Times text={text} change={change} />
        </Section>
        <Says text={text} spec={spec} id={rule === undefined && (spec !== null || text.title.trim() !== '') ? id : null} change={change} />
      </div>
      <div className="min-w-0 lg:col-start-2 lg:row-span-2 lg:row-start-1">
        <div className="lg:sticky lg:top-6">
          <RulePreview spec={spec} watched={spec === null ? watchedOf(text, names) : null} missing={missing} />
        </div>
      </div>
      <div className="min-w-0">
        <TryFirst error={save.error} action={rule === undefined ? 'Make the rule' : 'Save'} saving={save.isPending} whyNot={blocked}>
          <ButtonLink href={paths.alerts()}>Cancel</ButtonLink>
        </TryFirst>
      </div>
    </form>
  )
}

/** Known before the value is typed. */
function unitOf(spec: RuleSpec | null, text: RuleText) {
  return valueUnit(spec ?? { measure: { metric: text.measure.metric.trim(), fn: text.measure.fn || 'avg', where: {} }, per: text.isShare ? { metric: text.per.metric, fn: 'avg', where: {} } : null })
}

type Part = { text: RuleText; change: (part: Partial<RuleText>) => void }
const setter = (change: Part['change']) => (name: keyof RuleText) => (event: { target: { value: string } }) => change({ [name]: event.target.value })

function Watches({ text, names, change }: Part & { names: readonly MetricName[] }) {
  const set = setter(change)
  return (
    <Section title="What it watches">
      <MeasureFields legend="What it watches" value={text.measure} names={names} onChange={(measure) => change({ measure })} />
      <div className="mt-4 space-y-4">
        <Check label="as a share of another metric" hint="Each value is divided by the one of the other: failed requests by all of them." checked={text.isShare} onChange={(isShare) => change({ isShare })} />
        {text.isShare ? (
          <>
            <MeasureFields legend="What it is divided by" value={text.per} names={names} onChange={(per) => change({ per })} />
            <Input label="Silent while that is less than" className="sm:max-w-60" value={text.perAtLeast} onChange={set('perAtLeast')} hint="Little traffic says nothing." />
          </>
        ) : null}
        <div className="grid items-start gap-4 sm:grid-cols-2">
          <Input label="A value is of the last" value={text.window} onChange={set('window')} placeholder="5m" hint="From 1m to 24h." />
          <Input label="Only of what this query names" value={text.scope} onChange={set('scope')} placeholder="tag:eu" hint="As in every list: app:shop tag:db." />
        </div>
      </div>
    </Section>
  )
}

function Times({ text, change }: Part) {
  const set = setter(change)
  return (
    <div className="mt-4 grid items-start gap-4 sm:grid-cols-2">
      <Input label="Once that held for" value={text.for} onChange={set('for')} placeholder="at once" />
      <Input label="And goes on for" value={text.keepFiring} onChange={set('keepFiring')} placeholder="no longer" hint="After it held last, so that it does not come and go." />
    </div>
  )
}

function Says({ text, spec, id, change }: Part & { spec: RuleSpec | null; id: string | null }) {
  const set = setter(change)
  return (
    <Section title="What is said">
      <div className="grid items-start gap-4 sm:grid-cols-2">
        <Input label="Title" value={text.title} onChange={set('title')} maxLength={100} placeholder={spec?.title ?? ''} {...(id === null ? {} : { hint: `On the command line: ${id}` })} />
        <Select label="It is" value={text.severity} onChange={(event) => change({ severity: event.target.value as RuleText['severity'] })} hint="What is critical wakes people.">
          <option value="warning">a warning</option>
          <option value="critical">critical</option>
        </Select>
        <TextArea label="Summary" className="sm:col-span-2" rows={2} value={text.summary} onChange={set('summary')} maxLength={300} placeholder={spec?.summary ?? ''} hint="{place}, {value}, {threshold} and labels in braces are filled in." />
        <Input label="Way out" className="sm:col-span-2" value={text.wayOut} onChange={set('wayOut')} maxLength={200} placeholder="look at the payment provider's status page" />
      </div>
    </Section>
  )
}
