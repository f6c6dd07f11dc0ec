/** Checks in words, and what a person writes about one turned into what the API takes. */
import type { CheckState, KindView } from '#contract/checks.ts'
import { UsageError } from './errors.ts'
import { spanFlag, textFlag } from './command.ts'

export function checkStyle(state: CheckState): 'red' | 'yellow' | 'green' | 'dim' | undefined {
  if (state === 'down') return 'red'
  if (state === 'warn' || state === 'unknown') return 'yellow'
  return state === 'up' ? 'green' : 'dim'
}

export const milliseconds = (ms: number): string => (ms < 10 ? `${ms.toFixed(1)} ms` : ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`)

export const commonFlags = {
  every: spanFlag('TIME', 'Time between two runs, from 1s; of a heartbeat without a schedule, between two pings; default 30s'),
  timeout: spanFlag('TIME', 'A run without an answer by then has failed'),
  retries: textFlag('N', 'Failed runs in a row that do not count as down yet; default 2'),
  from: textFlag('PLACES', 'Vantage points, comma-separated: control, near, machine:<name>'),
  quorum: textFlag('N', 'Vantage points that must see it down'),
  if: textFlag('CRITERIA', 'What metrics mean, such as "load1 GT 4 warn, load1 GT 8"'),
  severity: textFlag('WORD', 'Of the alert: critical or warning'),
  service: textFlag('SERVICE', 'The service that it tells of'),
  needs: textFlag('CHECKS', 'Ids or names of checks, comma-separated, whose failure explains this one'),
} as const
export type CommonFlags = { [K in keyof typeof commonFlags]: string | undefined }

const list = (text: string): string[] => text.split(',').map((part) => part.trim()).filter((part) => part !== '')

/** Only what was given. */
export function commonOf(flags: CommonFlags): Record<string, unknown> {
  const number = (text: string, flag: string) => {
    if (!/^\d{1,4}$/.test(text)) throw new UsageError(`--${flag} must be a whole number, not "${text}"`)
    return Number(text)
  }
  return {
    ...(flags.every === undefined ? {} : { every: flags.every }),
    ...(flags.timeout === undefined ? {} : { timeout: flags.timeout }),
    ...(flags.retries === undefined ? {} : { retries: number(flags.retries, 'retries') }),
    ...(flags.from === undefined ? {} : { from: list(flags.from) }),
    ...(flags.quorum === undefined ? {} : { quorum: number(flags.quorum, 'quorum') }),
    ...(flags.if === undefined ? {} : { criteria: list(flags.if) }),
    ...(flags.severity === undefined ? {} : { severity: flags.severity }),
    ...(flags.service === undefined ? {} : { service: flags.service }),
    ...(flags.needs === undefined ? {} : { needs: list(flags.needs) }),
  }
}

type Field = { type?: string; anyOf?: { type?: string }[] }

/** `status=200 verify=false args=-w,5` as the kind's schema wants them; a bare first word is its main field; `password=` takes it away. */
export function configOf(kind: KindView, words: readonly string[]): Record<string, unknown> {
  const fields = (kind.schema as { properties?: Record<string, Field> }).properties ?? {}
  const config: Record<string, unknown> = {}
  for (const [nth, word] of words.entries()) {
    const at = word.indexOf('=')
    const named = at > 0 ? word.slice(0, at) : ''
    if (Object.hasOwn(config, named)) throw new UsageError(`${named} is given twice${named === kind.main ? ` (a first word without = is the ${named} of ${kind.kind}; a name is given with --name)` : ''}`)
    if (Object.hasOwn(fields, named)) config[named] = at === word.length - 1 ? null : valueOf(fields[named] as Field, word.slice(at + 1), named)
    else if (/^[a-z]+$/i.test(named)) throw new UsageError(`"${named}" is not a field of ${kind.kind} (its fields: ${Object.keys(fields).join(', ')})${Object.hasOwn(commonFlags, named) ? `; write --${named} ${word.slice(at + 1)}` : ''}`)
    else if (nth === 0) config[kind.main] = valueOf(fields[kind.main] ?? {}, word, kind.main)
    else throw new UsageError(`"${word}" is not FIELD=VALUE of ${kind.kind} (its fields: ${Object.keys(fields).join(', ')})`)
  }
  return config
}

function valueOf(field: Field, text: string, name: string): unknown {
  const types = [field.type, ...(field.anyOf ?? []).map((each) => each.type)]
  if (types.includes('array')) return text.startsWith('[') ? json(text, name) : list(text)
  if (types.includes('object')) return json(text, name)
  if (types.includes('boolean') && (text === 'true' || text === 'false')) return text === 'true'
  if ((types.includes('integer') || types.includes('number')) && /^-?\d+(\.\d+)?$/.test(text)) return Number(text)
  return text
}

function json(text: string, name: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new UsageError(`${name} must be JSON, such as {"accept": "text/html"}, not "${text}"`)
  }
}

export function kindNamed(kinds: readonly KindView[], name: string): KindView {
  const found = kinds.find((kind) => kind.kind === name)
  if (!found) throw new UsageError(`"${name}" is not a kind of check (they are ${kinds.map((kind) => kind.kind).join(', ')})`)
  return found
}
