import type { Rule } from '#contract/alerting.ts'
import { Choice } from '../components/field.tsx'
import { useAction } from '../data/use-action.ts'
import { useSession } from '../data/use-session.ts'
import { plural } from '../lib/numbers.ts'
import { shortTime } from '../lib/times.ts'

const hour = 3_600_000
const choices = [
  { value: 'on', text: 'On', body: { mode: 'on' } },
  { value: '1h', text: 'Off 1 h', body: { mode: 'off', forMs: hour } },
  { value: '8h', text: 'Off 8 h', body: { mode: 'off', forMs: 8 * hour } },
  { value: 'off', text: 'Off', body: { mode: 'off' } },
] as const
type ChoiceValue = (typeof choices)[number]['value'] | 'until'

/** Off: it looks at nothing, and its alerts are over. `times`: with the choice of a while, after which it is on again. */
export function RuleSwitch({ rule, times = false }: { rule: Rule; times?: boolean }) {
  const { access } = useSession()
  const setMode = useAction('rules.mode', { touches: ['rules', 'alerts'], done: (answer) => `${answer.title}: ${ruleState(answer).text}` })
  if (access === 'read') return null
  const offered = times ? choices : choices.filter(({ body }) => !('forMs' in body))
  const value: ChoiceValue = rule.offUntil !== null && times ? 'until' : rule.mode
  const choose = (chosen: ChoiceValue) => {
    const body = choices.find((one) => one.value === chosen)?.body
    if (body !== undefined) setMode.mutate({ params: { rule: rule.id }, body })
  }
  return <Choice<ChoiceValue> label={`Switch of ${rule.title}`} value={value} options={offered} onChange={choose} />
}

export function ruleState({ mode, offUntil, states }: Pick<Rule, 'mode' | 'offUntil' | 'states'>): { text: string; tone: string } {
  const firing = states.filter((one) => one.state === 'firing').length
  const pending = states.length - firing
  if (mode === 'off') return { text: offUntil === null ? 'off' : `off until ${shortTime(offUntil)}`, tone: 'text-soft' }
  if (firing > 0) return { text: `fires for ${plural(firing, 'series', 'series')}`, tone: 'text-red' }
  return pending > 0 ? { text: `waits for ${plural(pending, 'series', 'series')}`, tone: 'text-amber' } : { text: 'quiet', tone: 'text-soft' }
}
