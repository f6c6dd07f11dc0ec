import type { Rule } from '#contract/alerting.ts'
import { Choice } from '../components/field.tsx'
import { useAction } from '../data/use-action.ts'
import { useSession } from '../data/use-session.ts'
import { plural } from '../lib/numbers.ts'

const modes = [
  { value: 'on', text: 'On' },
  { value: 'off', text: 'Off' },
] as const

/** Off: it looks at nothing, and its alerts are over. */
export function RuleSwitch({ rule }: { rule: Rule }) {
  const { access } = useSession()
  const setMode = useAction('rules.mode', { touches: ['rules', 'alerts'], done: (answer) => `${answer.title}: ${answer.mode}` })
  return access === 'read' ? null : <Choice label={`Switch of ${rule.title}`} value={rule.mode} options={modes} onChange={(mode) => setMode.mutate({ params: { rule: rule.id }, body: { mode } })} />
}

export function ruleState({ mode, states }: Pick<Rule, 'mode' | 'states'>): { text: string; tone: string } {
  const firing = states.filter((one) => one.state === 'firing').length
  const pending = states.length - firing
  if (mode === 'off') return { text: 'off', tone: 'text-soft' }
  if (firing > 0) return { text: `fires for ${plural(firing, 'series', 'series')}`, tone: 'text-red' }
  return pending > 0 ? { text: `waits for ${plural(pending, 'series', 'series')}`, tone: 'text-amber' } : { text: 'quiet', tone: 'text-soft' }
}
