/** A check as it stands in a form: all text; and what the API takes of it. */
import type { Check, KindView } from '#contract/checks.ts'
import { type FormField, configOf, fieldsOf } from './check-words.ts'
import { listOf } from './typed.ts'

export type Common = { name: string; every: string; timeout: string; retries: string; from: string; quorum: string; criteria: string; severity: string; app: string; environment: string; service: string; needs: string }
/** `typed`: the fields of the kind, by name; `cleared`: sealed ones that are to be taken away. */
export type Draft = { typed: Readonly<Record<string, string>>; cleared?: readonly string[]; common: Common }

export const emptyDraft: Draft = { typed: {}, common: { name: '', every: '30s', timeout: '', retries: '2', from: '', quorum: '', criteria: '', severity: 'critical', app: '', environment: '', service: '', needs: '' } }

/** Whole units, as durations are written: `90s`, `1h`, `1500ms`. */
export function durationText(ms: number): string {
  const [unit, of] = ([['d', 86_400_000], ['h', 3_600_000], ['m', 60_000], ['s', 1000], ['ms', 1]] as const).find(([, size]) => ms % size === 0) ?? ['ms', 1]
  return `${ms / of}${unit}`
}

function typedOf(fields: readonly FormField[], config: Readonly<Record<string, unknown>>): Record<string, string> {
  const text = ({ input }: FormField, value: unknown): string => {
    if (input === 'list') return (value as string[]).join('\n')
    if (input === 'map') return Object.entries(value as Record<string, string>).map(([name, each]) => `${name}: ${each}`).join('\n')
    return String(value)
  }
  return Object.fromEntries(fields.flatMap((field) => (config[field.name] === undefined ? [] : [[field.name, text(field, config[field.name])]])))
}

/** A check that is there, to be changed. Secrets are not known, and stay where they are left out. */
export function draftOf(kind: KindView, check: Check, needNames: readonly { name: string }[]): Draft {
  return {
    typed: typedOf(fieldsOf(kind), check.config),
    common: {
      name: check.name, every: durationText(check.everyMs), timeout: durationText(check.timeoutMs), retries: String(check.retries), from: check.from.join(', '), quorum: check.quorum === null ? '' : String(check.quorum),
      criteria: check.criteria.join(', '), severity: check.severity, app: check.app ?? '', environment: check.environment ?? '', service: check.service ?? '', needs: needNames.map(({ name }) => name).join(', '),
    },
  }
}

/** What is not known stays as it is written: the API says that it is no check. */
const idsOf = (names: string, known: readonly Pick<Check, 'id' | 'name'>[]): string[] => listOf(names).map((name) => known.find((one) => one.id === name || one.name === name)?.id ?? name)

/** Of a new check: what is empty is left to its default. */
export function newOf(kind: KindView, { typed, common }: Draft, known: readonly Pick<Check, 'id' | 'name'>[]): Record<string, unknown> {
  return {
    ...testOf(kind, { typed, common }),
    name: common.name || (typed[kind.main] ?? kind.kind).slice(0, 80), retries: Number(common.retries), severity: common.severity, needs: idsOf(common.needs, known),
    ...(listOf(common.from).length === 0 ? {} : { from: listOf(common.from) }), ...(common.quorum === '' ? {} : { quorum: Number(common.quorum) }),
  }
}

const filled = (kind: KindView, { typed, cleared = [] }: Draft): Record<string, unknown> => ({ ...configOf(fieldsOf(kind), typed), ...Object.fromEntries(cleared.map((name) => [name, null])) })

/** Of one that is there: what is empty goes back to its default. */
export function changeOf(kind: KindView, draft: Draft, known: readonly Pick<Check, 'id' | 'name'>[]): Record<string, unknown> {
  const { common } = draft
  return {
    name: common.name, config: filled(kind, draft), every: common.every, timeout: common.timeout || null, retries: Number(common.retries), quorum: common.quorum === '' ? null : Number(common.quorum),
    criteria: listOf(common.criteria), severity: common.severity, needs: idsOf(common.needs, known), ...(listOf(common.from).length === 0 ? {} : { from: listOf(common.from) }), ...(common.app === '' ? {} : { service: common.service || null }),
  }
}

/** One run of it, from its first vantage point. `check`: the one whose secrets it uses. */
export function testOf(kind: KindView, draft: Draft, check?: string): Record<string, unknown> {
  const { common } = draft
  return {
    kind: kind.kind, config: filled(kind, draft), every: common.every, criteria: listOf(common.criteria),
    ...(check === undefined ? {} : { check }), ...(common.timeout === '' ? {} : { timeout: common.timeout }), ...(listOf(common.from).length === 0 ? {} : { from: listOf(common.from).slice(0, 1) }),
    ...(common.app === '' ? {} : { app: common.app, ...(common.environment === '' ? {} : { environment: common.environment }), ...(common.service === '' ? {} : { service: common.service }) }),
  }
}
