/** What the schema found wrong, said in the words of the file: the key, what it must be, what it is. Pure. */
import { z } from 'zod'
import { nearest } from '#base/nearest.ts'
import { manifestSchema } from '#contract/manifest.ts'
import type { Fault } from './parse.ts'

type Issue = z.core.$ZodIssue
type Path = readonly (string | number)[]

export function faultMessages(issue: Issue, input: unknown): Fault[] {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)))
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(path)
    return issue.keys.map((key) => {
      const meant = nearest(key, known)
      return {
        path: [...path, key],
        onKey: true,
        message: `unknown key \`${key}\`${path.length > 0 ? ` in ${dotted(path)}` : ''}`,
        hint: meant === undefined ? `known keys: ${known.join(', ')}` : `did you mean \`${meant}\`?`,
      }
    })
  }
  if (issue.code === 'invalid_key') {
    const key = path.at(-1)
    return [{ path, onKey: true, message: `the name \`${String(key)}\` in ${dotted(path.slice(0, -1))} ${issue.issues[0]?.message ?? 'is not allowed'}` }]
  }
  const value = valueAt(input, path)
  if (issue.code === 'invalid_value') {
    const allowed = issue.values.map(String)
    const meant = typeof value === 'string' ? nearest(value, allowed) : undefined
    const fault: Fault = { path, message: `${dotted(path)} must be ${oneOf(allowed)}, not ${shown(value)}` }
    return [meant === undefined ? fault : { ...fault, hint: `did you mean ${meant}?` }]
  }
  if (issue.code === 'invalid_union') {
    const wanted = issue.errors.map((errors) => errors.map((each) => wish(each)).join(' and ')).filter((text) => text !== '')
    return [{ path, message: `${dotted(path)} must be ${[...new Set(wanted)].join(', or ')}, not ${shown(value)}` }]
  }
  if (value === undefined && issue.code === 'invalid_type') return [{ path, message: `${dotted(path)} is missing` }]
  return [{ path, message: `${path.length > 0 ? `${dotted(path)} ` : ''}must be ${wish(issue)}${issue.code === 'custom' ? '' : `, not ${shown(value)}`}`.replace('must be must', 'must') }]
}

/** What would have been right: `a number`, `at most 100`. */
function wish(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.expected === 'int' ? 'a whole number' : issue.expected === 'object' || issue.expected === 'record' ? 'a map' : issue.expected === 'array' ? 'a list' : issue.expected === 'boolean' ? 'true or false' : `a ${issue.expected}`
    case 'invalid_value':
      return oneOf(issue.values.map(String))
    case 'too_small':
      return issue.origin === 'string' || issue.origin === 'array' ? `at least ${String(issue.minimum)} long` : `at least ${String(issue.minimum)}`
    case 'too_big':
      return issue.origin === 'string' || issue.origin === 'array' ? `at most ${String(issue.maximum)} long` : `at most ${String(issue.maximum)}`
    default:
      return issue.message.replace(/^must be /, '')
  }
}

function oneOf(values: string[]): string {
  return values.length <= 1 ? (values[0] ?? 'nothing') : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`
}

function dotted(path: Path): string {
  return path.map(String).join('.')
}

function shown(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}

function valueAt(input: unknown, path: Path): unknown {
  let value = input
  for (const part of path) value = (value as Record<string | number, unknown> | null | undefined)?.[part]
  return value
}

/** The keys that the schema knows at a path. */
function keysAt(path: Path): string[] {
  let schema: unknown = manifestSchema
  for (const part of path) {
    const at = bare(schema)
    if (at instanceof z.ZodObject) schema = (at.shape as Record<string, unknown>)[String(part)]
    else if (at instanceof z.ZodRecord) schema = at.valueType
    else if (at instanceof z.ZodArray) schema = at.element
    else return []
  }
  const at = bare(schema)
  return at instanceof z.ZodObject ? Object.keys(at.shape as object) : []
}

function bare(schema: unknown): unknown {
  let at = schema
  while (at instanceof z.ZodOptional || at instanceof z.ZodDefault || at instanceof z.ZodPrefault || at instanceof z.ZodNullable) at = at.def.innerType
  return at
}
