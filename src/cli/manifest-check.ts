/** Checks a nightshift.yml against the contract's schema: every fault with its line and column, unknown keys with the nearest known one. */
import type { Document, LineCounter } from 'yaml'
import type { FieldFault } from '#base/errors.ts'
import { nearest } from '#base/nearest.ts'
import { type Manifest, manifestSchema } from '#contract/manifest.ts'

export type ManifestCheck = { manifest: Manifest | null; faults: FieldFault[] }

type Path = readonly PropertyKey[]

export async function checkManifest(text: string): Promise<ManifestCheck> {
  const { parseDocument, LineCounter: Lines } = await import('yaml')
  const lines = new Lines()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  if (document.errors.length > 0) return { manifest: null, faults: document.errors.map((error) => ({ path: '', message: error.message, ...position(lines, error.pos[0]) })) }
  const parsed = manifestSchema.safeParse(withoutExtensions(document.toJS()))
  if (parsed.success) return { manifest: parsed.data, faults: [] }
  const faults = parsed.error.issues.flatMap((issue): FieldFault[] => {
    if (issue.code !== 'unrecognized_keys') return [fault(document, lines, issue.path, issue.message)]
    return issue.keys.map((key) => {
      const near = nearest(key, knownKeys(issue.path))
      return fault(document, lines, [...issue.path, key], `is not a key of the manifest${near === undefined ? '' : ` (did you mean ${near}?)`}`, true)
    })
  })
  return { manifest: null, faults: faults.sort((a, b) => (a.line ?? 0) - (b.line ?? 0)) }
}

/** `x-*` keys are the author's own, at every level. */
function withoutExtensions(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutExtensions)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).flatMap(([key, inner]) => (key.startsWith('x-') ? [] : [[key, withoutExtensions(inner)]])))
}

function fault(document: Document.Parsed, lines: LineCounter, path: Path, message: string, atKey = false): FieldFault {
  return { path: path.map(String).join('.'), message, ...nodePosition(document, lines, path, atKey) }
}

/** Where a value stands, or its key; for what is missing, where its parent stands. */
function nodePosition(document: Document.Parsed, lines: LineCounter, path: Path, atKey: boolean): { line?: number; column?: number } {
  for (let length = path.length; length > 0; length--) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true)
    const items = (parent as { items?: { key?: { value?: unknown; range?: number[] }; value?: { range?: number[] } }[] } | null)?.items
    const pair = items?.find((item) => item.key?.value === path[length - 1])
    const range = (atKey || length < path.length ? pair?.key?.range : pair?.value?.range) ?? pair?.key?.range
    if (range?.[0] !== undefined) return position(lines, range[0])
  }
  return {}
}

function position(lines: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lines.linePos(offset)
  return { line, column: col }
}

/** Keys that are known at a path: walks the schema's JSON form, where `*` stands for any name of a record. */
function knownKeys(path: Path): string[] {
  let schema: JsonSchema | undefined = manifestSchema.toJSONSchema({ io: 'input', unrepresentable: 'any' }) as JsonSchema
  for (const key of path) schema = schema?.properties?.[String(key)] ?? (typeof schema?.additionalProperties === 'object' ? schema.additionalProperties : undefined)
  return Object.keys(schema?.properties ?? {})
}

type JsonSchema = { properties?: Record<string, JsonSchema>; additionalProperties?: boolean | JsonSchema }
