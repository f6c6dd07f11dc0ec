/**
 * The manifest's schema as a JSON Schema for editors (`docs/manifest.schema.json`) and as the tables in `docs/manifest.md`.
 * Both are made from `manifest.ts` alone: what a key means stands there, beside its type.
 */
import { z } from 'zod'
import { manifestSchema } from './manifest.ts'

type Schema = {
  type?: string | string[]
  title?: string
  description?: string
  default?: unknown
  const?: unknown
  enum?: unknown[]
  anyOf?: Schema[]
  items?: Schema
  minimum?: number
  maximum?: number
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: Schema | false
  patternProperties?: Record<string, unknown>
}

function schema(): Schema {
  return z.toJSONSchema(manifestSchema, { io: 'input' }) as Schema
}

export function manifestJsonSchema(): string {
  const root = { title: 'nightshift.yml', description: 'The manifest of a Nightshift app.', ...schema() }
  return `${JSON.stringify(withExtensions(root), undefined, 2)}\n`
}

/** Keys that begin with `x-` are left alone in every map of fixed keys. */
function withExtensions(value: Schema): Schema {
  const copy: Schema = { ...value }
  if (copy.properties) copy.properties = Object.fromEntries(Object.entries(copy.properties).map(([key, each]) => [key, withExtensions(each)]))
  if (copy.additionalProperties) copy.additionalProperties = withExtensions(copy.additionalProperties)
  else if (copy.additionalProperties === false) copy.patternProperties = { '^x-': {} }
  return copy
}

/** One table for each map of the manifest: key, type, default, meaning. */
export function manifestTables(): string {
  return tablesOf('The file', '', schema()).join('\n\n')
}

function tablesOf(heading: string, path: string, { properties = {}, required = [] }: Schema): string[] {
  const rows = Object.entries(properties).map(([key, each]) => `| \`${key}\` | ${typeOf(each)} | ${defaultOf(each, required.includes(key))} | ${meaningOf(`${path}${key}`, each)} |`)
  const table = `### ${heading}\n\n| Key | Type | Default | Meaning |\n|---|---|---|---|\n${rows.join('\n')}`
  const below = Object.entries(properties).flatMap(([key, each]) => {
    const of = each.additionalProperties
    if (each.properties) return tablesOf(`\`${path}${key}\``, `${path}${key}.`, each)
    return of && of.properties ? tablesOf(`\`${path}${key}.<name>\``, `${path}${key}.<name>.`, of) : []
  })
  return [table, ...below]
}

function meaningOf(path: string, { description }: Schema): string {
  if (description === undefined) throw new Error(`the manifest's key ${path} has no description (give it one with .meta in src/contract/manifest.ts)`)
  return escape(description)
}

function defaultOf({ default: value }: Schema, isRequired: boolean): string {
  if (isRequired) return 'required'
  if (value === undefined || JSON.stringify(value) === '{}' || JSON.stringify(value) === '[]') return '–'
  return `\`${String(value)}\``
}

function typeOf(each: Schema): string {
  if (each.const !== undefined) return `\`${String(each.const)}\``
  if (each.enum) return each.enum.map((value) => `\`${String(value)}\``).join(', ')
  if (each.anyOf) return each.anyOf.map(typeOf).join(' or ')
  if (each.title) return each.title
  if (Array.isArray(each.type)) return each.type.map((type) => typeOf({ type })).join(', ')
  switch (each.type) {
    case 'array':
      return `list of ${typeOf(each.items ?? {})}`
    case 'object':
      return each.properties ? 'map, see below' : `map of name → ${typeOf(each.additionalProperties || {})}`
    case 'integer':
      return `whole number ${each.minimum}–${each.maximum}`
    case 'number':
      return each.minimum === undefined ? 'number' : `number ${each.minimum}–${each.maximum}`
    case 'boolean':
      return '`true` or `false`'
    default:
      return 'text'
  }
}

/** For a cell of a table. */
function escape(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;')
}
