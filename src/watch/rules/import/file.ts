/** A Prometheus rule file → rules of ours, and what could not be taken over, one by one with the reason. Pure. */
import { parse } from 'yaml'
import { z } from 'zod'
import { AppError, messageOf } from '#base/errors.ts'
import { type RuleImport, type RuleSpec, ruleSpecSchema } from '#contract/alerting.ts'
import { Unsupported, durationOf } from './promql.ts'
import { translate } from './translate.ts'

const texts = z.record(z.string(), z.coerce.string()).default({})
const ruleSchema = z.object({ alert: z.string().optional(), record: z.string().optional(), expr: z.coerce.string(), for: z.coerce.string().optional(), keep_firing_for: z.coerce.string().optional(), labels: texts, annotations: texts })
const fileSchema = z.object({ groups: z.array(z.object({ name: z.coerce.string(), rules: z.array(ruleSchema).default([]) })) })
type FileRule = z.output<typeof ruleSchema>

const mostRules = 500
/** Of what is read by patterns, whose time grows with the square of it. */
const mostNameChars = 200
const mostTemplateChars = 2000

export type ReadRules = { rules: { id: string; name: string; spec: RuleSpec }[]; skipped: RuleImport['skipped'] }

/** `source`: what the file is called. Throws `invalid` for what is no rule file. */
export function readRuleFile(text: string, source: string): ReadRules {
  const { groups } = parsed(text)
  const all = groups.flatMap((group) => group.rules.map((rule) => ({ rule, group: group.name })))
  if (all.length > mostRules) throw new AppError('limited', `the file holds ${all.length} rules; ${mostRules} is the most (import it in parts)`)
  const result: ReadRules = { rules: [], skipped: [] }
  const ids = new Set<string>()
  for (const { rule } of all) {
    const name = rule.alert ?? rule.record ?? rule.expr.slice(0, 60)
    try {
      if (rule.alert === undefined) throw new Unsupported('recording rules are not supported: a rule reads its metrics itself')
      const spec = { ...specOf(rule.alert, rule), source }
      const id = idOf(rule.alert, ids)
      ids.add(id)
      result.rules.push({ id, name: rule.alert, spec })
    } catch (error) {
      if (error instanceof z.ZodError) result.skipped.push({ name, because: error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; ') })
      else if (error instanceof Unsupported) result.skipped.push({ name, because: error.message })
      else throw error
    }
  }
  return result
}

function parsed(text: string): z.output<typeof fileSchema> {
  let value: unknown
  try {
    value = parse(text, { maxAliasCount: 20 })
  } catch (error) {
    throw new AppError('invalid', `it is no YAML: ${messageOf(error).split('\n')[0]?.replace(/:$/, '')}`, { cause: error })
  }
  const result = fileSchema.safeParse(value)
  if (!result.success) throw new AppError('invalid', 'it is no rule file of Prometheus: it has groups, each with a name and rules, each with an expr')
  return result.data
}

function specOf(alert: string, { expr, for: held, keep_firing_for: kept, labels, annotations }: FileRule) {
  const grave = /^(critical|page|error|high|p1)$/i.test(labels['severity'] ?? '')
  const wayOut = annotations['runbook_url'] ?? annotations['runbook']
  return ruleSpecSchema.parse({
    ...translate(expr),
    title: alert.replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2').slice(0, 100),
    forMs: held === undefined ? 0 : durationOf(held),
    keepFiringMs: kept === undefined ? 0 : durationOf(kept),
    severity: grave ? 'critical' : 'warning',
    summary: summaryOf(annotations['summary'] ?? annotations['description'] ?? annotations['message']) ?? '{place}: {value}',
    wayOut: wayOut === undefined || wayOut.includes('{{') || wayOut === '' ? null : wayOut.slice(0, 200),
  })
}

/** Go's templates hold little else than labels and the value in practice; one that does is left out. */
function summaryOf(template: string | undefined): string | null {
  if (template === undefined) return null
  const words = template.slice(0, mostTemplateChars).trim().replaceAll(/\{\{\s*\$labels\.(\w+)\s*\}\}/g, '{$1}').replaceAll(/\{\{\s*(?:printf\s+"[^"]*"\s+)?\$value\s*(?:\|[^}]*)?\}\}/g, '{value}').replaceAll(/\s+/g, ' ')
  return words === '' || words.includes('{{') ? null : words.slice(0, 300)
}

/** `HighErrorRate` → high-error-rate; a name that came before gets a number. */
function idOf(alert: string, taken: ReadonlySet<string>): string {
  const base = alert.slice(0, mostNameChars).replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2').replaceAll(/([A-Z]+)([A-Z][a-z])/g, '$1-$2').toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^[^a-z]+|-+$/g, '').slice(0, 50).replace(/-+$/, '') || 'rule'
  for (let nth = 1; ; nth++) {
    const id = nth === 1 ? base : `${base}-${nth}`
    if (!taken.has(id)) return id
  }
}
