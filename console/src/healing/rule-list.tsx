import { useState } from 'react'
import type { HealMode, HealRule, Rung } from '#contract/healing.ts'
import { Confirm } from '../components/confirm.tsx'
import { Choice } from '../components/field.tsx'
import { Tag } from '../components/tag.tsx'
import { useAction } from '../data/use-action.ts'
import { useSession } from '../data/use-session.ts'
import { budgetOf } from '../lib/healing-state.ts'
import { formatDuration } from '../lib/numbers.ts'
import { rungWords } from '../lib/remediation-words.ts'

const modes = [
  { value: 'off', text: 'Off' },
  { value: 'suggest', text: 'Suggest' },
  { value: 'auto', text: 'Auto' },
] as const satisfies readonly { value: HealMode; text: string }[]

const meanings: Record<HealMode, string> = { off: 'it does nothing', suggest: 'each action waits until a person approves it', auto: 'its ladder is climbed without asking' }

/** What healing may do: each rule with its ladder, mode and budget. */
export function RuleList({ rules }: { rules: readonly HealRule[] }) {
  const { access } = useSession()
  const [change, setChange] = useState<{ rule: HealRule; mode: HealMode } | null>(null)
  const setRule = useAction('healing.setRule', { touches: ['healing'], done: (rule) => `${rule.title}: ${rule.mode}`, onDone: () => setChange(null) })
  return (
    <>
      <ul className="divide-y divide-rule">
        {rules.map((rule) => (
          <RuleRow key={rule.id} rule={rule} onMode={access === 'admin' ? (mode) => setChange({ rule, mode }) : null} />
        ))}
      </ul>
      {change === null ? null : (
        <Confirm
          open
          onOpenChange={(open) => !open && setChange(null)}
          title={`Set “${change.rule.title}” to ${change.mode}?`}
          touches={[`from now on ${meanings[change.mode]}`]}
          leaves={['other rules', 'what is being verified now', 'its budget']}
          action={`Set to ${change.mode}`}
          busy={setRule.isPending}
          onConfirm={() => setRule.mutate({ params: { rule: change.rule.id }, body: { mode: change.mode } })}
        />
      )}
    </>
  )
}

/** `onMode` null: this session may not set it, and sees it as text. */
function RuleRow({ rule, onMode }: { rule: HealRule; onMode: ((mode: HealMode) => void) | null }) {
  const budget = budgetOf(rule)
  return (
    <li className="grid gap-x-10 gap-y-3 py-4 md:grid-cols-[minmax(0,1fr)_230px]">
      <div className="min-w-0">
        <h3 className="font-sans text-base font-medium">{rule.title}</h3>
        <p className="max-w-[76ch] text-sm text-soft">{rule.about}</p>
        <Ladder rungs={rule.ladder} />
      </div>
      <div className="text-sm md:text-right">
        {onMode === null ? (
          <p>
            <Tag tone={rule.mode === 'auto' ? 'plain' : 'amber'}>{rule.mode}</Tag>
            <span className="sr-only">: {meanings[rule.mode]}</span>
          </p>
        ) : (
          <Choice label={`Mode of ${rule.title}`} value={rule.mode} options={modes} onChange={onMode} />
        )}
        <p className={`mt-1.5 ${budget.isSpent ? 'text-amber' : ''}`}>{budget.isSpent ? `used up: ${budget.text}` : budget.text}</p>
        <p className="text-soft">{budget.limit}</p>
        <p className="text-soft">verified within {formatDuration(rule.verifyWithinMs)}</p>
      </div>
    </li>
  )
}

/** What is tried one after the other, mildest first. */
function Ladder({ rungs }: { rungs: readonly Rung[] }) {
  return (
    <ol aria-label="Ladder" className="mt-2 flex flex-wrap items-center gap-y-1 text-sm">
      {rungs.map((rung, index) => (
        <li key={`${rung}${index}`} className="flex items-center">
          {index === 0 ? null : (
            <span aria-hidden="true" className="px-2 text-soft">
              →
            </span>
          )}
          <span className="num rounded-sm border border-rule px-1.5">{rungWords[rung].does.toLowerCase()}</span>
        </li>
      ))}
    </ol>
  )
}
