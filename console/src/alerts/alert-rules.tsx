import type { Rule } from '#contract/alerting.ts'
import { TextLink } from '../components/a.tsx'
import { Tag } from '../components/tag.tsx'
import { paths } from '../paths.ts'
import { RuleSwitch, ruleState } from './rule-switch.tsx'

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
  const state = ruleState(rule)
  return (
    <li className="grid items-start gap-x-10 gap-y-2 py-3 md:grid-cols-[minmax(0,1fr)_auto]">
      <div className="min-w-0">
        <h3 className={`font-sans text-base font-medium ${rule.mode === 'off' ? 'text-soft' : ''}`}>
          <TextLink href={paths.rule(rule.id)}>{rule.title}</TextLink> <Tag>{rule.id}</Tag> {rule.source !== null ? <Tag>imported</Tag> : rule.origin === 'manifest' ? <Tag>manifest</Tag> : rule.origin === 'own' ? <Tag tone="accent">yours</Tag> : null}
        </h3>
        <p className="max-w-[90ch] text-sm break-words text-soft">
          {rule.about}
          {rule.scope === null ? null : <>, only {rule.scope}</>}
        </p>
      </div>
      <div className="flex items-center gap-3 text-sm">
        <span className={state.tone}>{state.text}</span>
        <RuleSwitch rule={rule} />
      </div>
    </li>
  )
}
