/** Checks a nightshift.yml against the contract's schema: every fault with its line and column, unknown keys with the nearest known one. */
import type { Document, LineCounter } from 'yaml'
import type { FieldFault } from '#base/errors.ts'
import { type Manifest, manifestSchema } from '#contract/manifest.ts'
import { faultMessages } from '#contract/manifest-faults.ts'
import { bareManifest } from '#contract/manifest-text.ts'

export type ManifestCheck = { manifest: Manifest | null; faults: FieldFault[] }

type Path = readonly PropertyKey[]

export async function checkManifest(text: string): Promise<ManifestCheck> {
  const { parseDocument, LineCounter: Lines } = await import('yaml')
  const lines = new Lines()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  if (document.errors.length > 0) return { manifest: null, faults: document.errors.map((error) => ({ path: '', message: error.message, ...position(lines, error.pos[0]) })) }
  const input = bareManifest(document.toJS())
  if (input === null || typeof input !== 'object' || Array.isArray(input)) return { manifest: null, faults: [{ path: '', message: 'must be a map with a key `services` (such as: services: { web: { command: node web.js } })', line: 1, column: 1 }] }
  const parsed = manifestSchema.safeParse(input)
  if (parsed.success) return { manifest: parsed.data, faults: [] }
  const faults = parsed.error.issues.flatMap((issue) => faultMessages(issue, input)).map((one): FieldFault => ({
    path: one.path.join('.'),
    message: `${one.message}${one.hint === undefined ? '' : ` (${one.hint})`}`,
    ...nodePosition(document, lines, one.path, one.onKey ?? false),
  }))
  return { manifest: null, faults: faults.sort((a, b) => (a.line ?? 0) - (b.line ?? 0)) }
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
