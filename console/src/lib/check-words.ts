/** States of checks as marks and words; what a schema's field is in a form. */
import type { Check, CheckState, KindView } from '#contract/checks.ts'
import type { Health } from '../components/health.tsx'

export const stateHealth: Record<CheckState, Health> = { up: 'healthy', warn: 'degraded', down: 'down', pending: 'working', suppressed: 'stopped', maintenance: 'stopped', paused: 'stopped', unknown: 'unknown' }
export const stateTone: Record<CheckState, string> = { up: 'text-healthy-mark', warn: 'text-amber-mark', down: 'text-red-mark', pending: 'text-rule-strong', suppressed: 'text-rule-strong', maintenance: 'text-rule-strong', paused: 'text-rule', unknown: 'text-rule' }
export const stateText: Record<CheckState, string> = { up: 'text-soft', warn: 'text-amber', down: 'text-red', pending: 'text-soft', suppressed: 'text-soft', maintenance: 'text-soft', paused: 'text-soft', unknown: 'text-soft' }

const order: readonly CheckState[] = ['down', 'warn', 'unknown', 'pending', 'suppressed', 'maintenance', 'up', 'paused']
/** What needs a look stands first. */
export function byNeed<T extends Pick<Check, 'state' | 'name'>>(list: readonly T[]): T[] {
  return list.toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || a.name.localeCompare(b.name))
}

export const shortMs = (ms: number): string => (ms < 10 ? `${ms.toFixed(1)} ms` : ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`)

type Schema = { type?: string; title?: string; description?: string; default?: unknown; enum?: string[]; anyOf?: Schema[] }
export type FormField = { name: string; label: string; hint: string; input: 'text' | 'number' | 'choice' | 'switch' | 'list' | 'map' | 'secret'; options: string[]; usual: string; required: boolean }

/** The fields of a kind, its main one first, then what must be given. */
export function fieldsOf(kind: KindView): FormField[] {
  const { properties = {}, required = [] } = kind.schema as { properties?: Record<string, Schema & { secret?: boolean }>; required?: string[] }
  const fields = Object.entries(properties).map(([name, schema]): FormField => ({
    name, label: name, hint: schema.description ?? '', options: schema.enum ?? [], required: required.includes(name),
    input: schema.secret === true ? 'secret' : schema.enum ? 'choice' : schema.type === 'boolean' ? 'switch' : schema.type === 'array' ? 'list' : schema.type === 'object' ? 'map' : schema.type === 'integer' || schema.type === 'number' ? 'number' : 'text',
    usual: schema.default === undefined ? '' : typeof schema.default === 'string' ? schema.default : JSON.stringify(schema.default),
  }))
  const rank = (field: FormField) => (field.name === kind.main ? 0 : field.required ? 1 : 2)
  return fields.toSorted((a, b) => rank(a) - rank(b))
}

/** What was typed, as the API takes it; an empty field is left out. Lists: one a line. Maps: `name: value` a line. */
export function configOf(fields: readonly FormField[], typed: Readonly<Record<string, string>>): Record<string, unknown> {
  const given = fields.flatMap(({ name, input }): [string, unknown][] => {
    const text = typed[name] ?? ''
    if (text === '') return []
    if (input === 'number') return [[name, Number(text)]]
    if (input === 'switch') return [[name, text === 'true']]
    const lines = text.split('\n').map((line) => line.trim()).filter((line) => line !== '')
    if (input === 'list') return [[name, lines]]
    if (input === 'map') return [[name, Object.fromEntries(lines.map((line) => [line.slice(0, Math.max(0, line.indexOf(':'))).trim(), line.slice(line.indexOf(':') + 1).trim()]))]]
    return [[name, text]]
  })
  return Object.fromEntries(given)
}
