/**
 * What a line says in fields: a JSON object, or `key=value` pairs (logfmt). Decided when a line is read, never stored:
 * the fields are in the text, where the grams find them.
 */

export type Structure = {
  kind: 'json' | 'pairs'
  /** As parsed; may be nested. Look things up with `valuesAt`. */
  fields: Readonly<Record<string, unknown>>
}

const maxPairs = 60
const maxFlat = 60
const maxNesting = 5
const maxValue = 2000

export function structureOf(text: string): Structure | null {
  if (text.startsWith('{')) {
    const fields = jsonObject(text)
    if (fields !== null) return { kind: 'json', fields }
  }
  const fields = text.includes('=') ? pairsOf(text) : null
  return fields === null ? null : { kind: 'pairs', fields }
}

function jsonObject(text: string): Record<string, unknown> | null {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return null
  }
}

const pair = /(?<=^|\s)([A-Za-z_@][\w.@/-]{0,60})=("(?:[^"\\]|\\.)*"|[^\s"]*)/g

/** Pairs anywhere in a line: one at its start, or two, else it is prose with an equals sign. */
function pairsOf(text: string): Record<string, string> | null {
  const fields: Record<string, string> = {}
  let count = 0
  let leads = false
  for (const found of text.matchAll(pair)) {
    if (++count > maxPairs) break
    if (found.index === 0) leads = true
    const [, name = '', value = ''] = found
    fields[name] ??= value.startsWith('"') ? value.slice(1, -1).replaceAll(/\\(["\\])/g, '$1') : value
  }
  return count > 1 || leads ? fields : null
}

/** Everything under a dotted path, whether its dots are nesting or part of a name; the members of lists one by one. */
export function valuesAt(fields: unknown, path: string): unknown[] {
  const found: unknown[] = []
  collect(fields, path, found, 0)
  return found
}

function collect(value: unknown, path: string, found: unknown[], depth: number): void {
  if (typeof value !== 'object' || value === null || depth > 8) return
  if (Array.isArray(value)) {
    for (const member of value.slice(0, 100)) collect(member, path, found, depth + 1)
    return
  }
  const record = value as Record<string, unknown>
  if (Object.hasOwn(record, path)) {
    const own = record[path]
    if (Array.isArray(own)) found.push(...own)
    else found.push(own)
  }
  for (let dot = path.indexOf('.'); dot > 0; dot = path.indexOf('.', dot + 1)) {
    const head = path.slice(0, dot)
    if (Object.hasOwn(record, head)) collect(record[head], path.slice(dot + 1), found, depth + 1)
  }
}

/** pino, bunyan and logrus; winston; Elastic; OpenTelemetry; Python. */
const messageNames = ['msg', 'message', 'event', '@message', 'body', 'text']
const traceNames = ['trace_id', 'traceId', 'trace.id', 'traceID', 'trace', 'dd.trace_id', 'otelTraceID', 'logging.googleapis.com/trace']

export function messageOfFields({ fields }: Structure): string | undefined {
  return firstText(fields, messageNames)
}

export function traceOfFields({ fields }: Structure): string | undefined {
  const id = firstText(fields, [...traceNames, 'traceparent'])
  // the whole of a `traceparent`, or a path of Google's that ends with it
  return /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(id ?? '')?.[1] ?? id?.split('/').at(-1)
}

function firstText(fields: Readonly<Record<string, unknown>>, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = name.includes('.') ? valuesAt(fields, name)[0] : Object.hasOwn(fields, name) ? fields[name] : undefined
    if (typeof value === 'string' && value !== '') return value
    if (typeof value === 'number') return String(value)
  }
  return undefined
}

export type FlatValue = string | number | boolean | null

/** Fields by dotted name, as a table shows them: bounded in number, depth and length. */
export function flatFields(fields: Readonly<Record<string, unknown>>): Record<string, FlatValue> {
  const flat: Record<string, FlatValue> = {}
  let count = 0
  const put = (value: unknown, name: string, depth: number): void => {
    if (count >= maxFlat) return
    if (typeof value === 'object' && value !== null && !Array.isArray(value) && depth < maxNesting && Object.keys(value).length > 0) {
      for (const [key, inner] of Object.entries(value)) put(inner, name === '' ? key : `${name}.${key}`, depth + 1)
      return
    }
    count++
    flat[name] = typeof value === 'object' && value !== null ? JSON.stringify(value).slice(0, maxValue) : typeof value === 'string' ? value.slice(0, maxValue) : (value as FlatValue)
  }
  put(fields, '', 0)
  return flat
}
