/** `rules:` of a manifest: alert rules about the app itself, written as in a rule file. */
import { z } from 'zod'
import { messageOf } from '#base/errors.ts'
import { type RuleSpec, ruleSpecSchema } from './alerting.ts'
import { issueWords } from './issue-words.ts'
import { duration } from './manifest-units.ts'
import { ruleId } from './names.ts'
import { ruleFromText } from './rule-text.ts'

const map = z.record(z.string(), z.unknown())

export const declaredRuleSchema = z.strictObject({
  name: ruleId.meta({ title: 'name', description: 'Its name, once in the app.' }),
  title: z.string().min(1).max(100).optional().meta({ description: 'Its name for people; default the name.' }),
  measure: map.meta({ title: 'map', description: 'What it looks at: metric or logs, where, fn, by; of the series of this app and environment.' }),
  per: map.optional().meta({ title: 'map', description: 'A second measure that the first is divided by.' }),
  perAtLeast: z.number().optional().meta({ description: 'While it is divided by less than this, the rule is silent.' }),
  window: duration.optional().meta({ description: 'The time that one value is of; default 5m.' }),
  condition: map.meta({ title: 'map', description: 'When it fires: kind, and what belongs to it.' }),
  for: duration.optional().meta({ description: 'The condition must hold for so long.' }),
  keepFiring: duration.optional().meta({ description: 'It goes on firing for so long after the condition held last.' }),
  severity: z.enum(['critical', 'warning']).default('warning').meta({ description: 'How bad it is.' }),
  summary: z.string().min(1).max(300).meta({ description: 'What an alert says; {place}, {value}, {threshold} and labels are filled in.' }),
  wayOut: z.string().min(1).max(200).optional().meta({ description: 'What to do about it.' }),
})
export type DeclaredRule = z.output<typeof declaredRuleSchema>

export type DeclaredSpec = { spec: RuleSpec } | { faults: { path: (string | number)[]; message: string }[] }

/** The rule for an environment of the app, or what is wrong with it. A manifest speaks of its own app alone, whatever its `where` says. Pure. */
export function declaredRule({ name, ...rule }: DeclaredRule, place: { app: string; environment: string }): DeclaredSpec {
  const own = (measure: Record<string, unknown>) => ({ ...measure, where: { ...(typeof measure['where'] === 'object' ? measure['where'] : {}), ...place } })
  const strange = ([['measure', rule.measure], ['per', rule.per]] as const).find(([, measure]) => ['app', 'environment'].some((label) => label in Object(measure?.['where'] ?? {})))
  if (strange !== undefined) return { faults: [{ path: [strange[0], 'where'], message: `the rule "${name}" names an app or environment in where: a rule of a manifest is about its own` }] }
  try {
    const parsed = ruleSpecSchema.safeParse(ruleFromText({ ...rule, title: rule.title ?? name, measure: own(rule.measure), ...(rule.per === undefined ? {} : { per: own(rule.per) }) }))
    if (parsed.success) return { spec: parsed.data }
    return { faults: parsed.error.issues.map((issue) => ({ path: issue.path.map((part) => (typeof part === 'number' ? part : String(part))), message: `the rule "${name}": ${issue.path.join('.')} ${issueWords(issue)}`.replace(':  ', ': ') })) }
  } catch (error) {
    return { faults: [{ path: [], message: `the rule "${name}": ${messageOf(error)}` }] }
  }
}
