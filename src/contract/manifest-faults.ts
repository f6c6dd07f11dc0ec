/** What the manifest's schema found wrong, said in the words of the file: the key, what it must be, what it is, how to write it. Pure. */
import { z } from 'zod'
import { nearest } from '#base/nearest.ts'
import { manifestSchema } from './manifest.ts'
import { duration, size } from './manifest-units.ts'

type Issue = z.core.$ZodIssue
type Path = readonly (string | number)[]

export type Fault = { path: Path; message: string; /** The fault is the key itself. */ onKey?: boolean; hint?: string }

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
    return [{ path, message: `${dotted(path)} must be ${[...new Set(wanted)].join(', or ')}, not ${shown(value)}`, ...hinted(path, value) }]
  }
  if (value === undefined && issue.code === 'invalid_type') return [{ path, message: `${dotted(path)} is missing` }]
  const unit = wantedAt(path)
  const wanted = unit ?? wish(issue)
  return [{ path, message: `${path.length > 0 ? `${dotted(path)} ` : ''}must be ${wanted}${issue.code === 'custom' && unit === undefined ? '' : `, not ${shown(value)}`}`.replace('must be must', 'must'), ...hinted(path, value) }]
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

/** What stands for a time or a size is a text with a unit, which `a string` does not say. */
function wantedAt(path: Path): string | undefined {
  const schema = schemaAt(path)
  return schema === duration ? 'a time with its unit' : schema === size ? 'a size with its unit' : undefined
}

/** How to write what was meant, where that can be told. */
function hinted(path: Path, value: unknown): { hint: string } | Record<string, never> {
  const hint = hintOf(path, value)
  return hint === undefined ? {} : { hint }
}

function hintOf(path: Path, value: unknown): string | undefined {
  const [schema, key] = [schemaAt(path), path.at(-1)]
  if (schema === duration) return typeof value === 'number' ? `write ${value}s` : 'such as 500ms, 30s, 5m or 2h'
  if (schema === size) return typeof value === 'number' ? `write ${value}MB` : 'such as 256MB or 2GB'
  if (key === 'health' && typeof value === 'string') return `write { path: ${value} }`
  if (key === 'needs' && Array.isArray(value)) return `write { ${value.map((each) => `${String(each)}: healthy`).join(', ')} }`
  if (key === 'needs' && typeof value === 'string') return `write { ${value}: healthy }`
  if (key === 'volumes' && schema instanceof z.ZodRecord) return 'write { data: /app/data }'
  if (path.at(-2) === 'env' && value === null) return 'write "" for an empty value'
  if (schema instanceof z.ZodArray && typeof value === 'string') return `write [${value}]`
  if (schema instanceof z.ZodString && (typeof value === 'number' || typeof value === 'boolean')) return `write "${String(value)}"`
  return undefined
}

/** The keys that the schema knows at a path. */
function keysAt(path: Path): string[] {
  const at = schemaAt(path)
  return at instanceof z.ZodObject ? Object.keys(at.shape as object) : []
}

function schemaAt(path: Path): unknown {
  let schema: unknown = manifestSchema
  for (const part of path) {
    const at = bare(schema)
    if (at instanceof z.ZodObject) schema = (at.shape as Record<string, unknown>)[String(part)]
    else if (at instanceof z.ZodRecord) schema = at.valueType
    else if (at instanceof z.ZodArray) schema = at.element
    else return undefined
  }
  return bare(schema)
}

function bare(schema: unknown): unknown {
  let at = schema
  while (at instanceof z.ZodOptional || at instanceof z.ZodDefault || at instanceof z.ZodPrefault || at instanceof z.ZodNullable) at = at.def.innerType
  return at
}
