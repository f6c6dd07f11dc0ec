import type { Rule } from '#contract/alerting.ts'
import { Choice } from '../components/field.tsx'
import { Tag } from '../components/tag.tsx'
import { useAction } from '../data/use-action.ts'
import { useSession } from '../data/use-session.ts'
import { plural } from '../lib/numbers.ts'

const modes = [
  { value: 'on', text: 'On' },
  { value: 'off', text: 'Off' },
] as const

/** Every rule with its condition in words and its switch; those that fire or wait first. */
export function AlertRules({ rules }: { rules: readonly Rule[] }) {
  const weight = (rule: Rule) => rule.states.filter((one) => one.state === 'firing').length * 1000 + rule.states.length
  return (
    <ul className="divide-y divide-rule">
      {rules.toSorted((a, b) => weight(b) - weight(a)).map((rule) => (
        <RuleRow key={rule.id} rule={rule} />
      ))}
    </ul>
  )
}

function RuleRow({ rule }: { rule: Rule }) {
  const { access } = useSession()
  const setMode = useAction('rules.mode', { touches: ['rules', 'alerts'], done: (answer) => `${answer.title}: ${answer.mode}` })
  const firing = rule.states.filter((one) => one.state === 'firing').length
  const pending = rule.states.length - firing
  return (
    <li className="grid items-start gap-x-10 gap-y-2 py-3 md:grid-cols-[minmax(0,1fr)_auto]">
      <div className="min-w-0">
        <h3 className={`font-sans text-base font-medium ${rule.mode === 'off' ? 'text-soft' : ''}`}>
          {rule.title} <Tag>{rule.id}</Tag> {rule.origin === 'own' ? <Tag tone="accent">yours</Tag> : null}
        </h3>
        <p className="max-w-[90ch] text-sm break-words text-soft">
          {rule.about}
          {rule.scope === null ? null : <>, only {rule.scope}</>}
        </p>
      </div>
      <div className="flex items-center gap-3 text-sm">
        <span className={firing > 0 ? 'text-red' : pending > 0 ? 'text-amber' : 'text-soft'}>{rule.mode === 'off' ? 'off' : firing > 0 ? `fires for ${plural(firing, 'series', 'series')}` : pending > 0 ? `waits for ${plural(pending, 'series', 'series')}` : 'quiet'}</span>
        {access === 'read' ? null : <Choice label={`Switch of ${rule.title}`} value={rule.mode} options={modes} onChange={(mode) => setMode.mutate({ params: { rule: rule.id }, body: { mode } })} />}
      </div>
    </li>
  )
}
