/** Checks a nightshift.yml as a deploy does, as far as the file alone says it: every fault with its line and column, unknown keys with the nearest known one. */
import type { Document, LineCounter } from 'yaml'
import type { FieldFault } from '#base/errors.ts'
import { type Manifest, manifestSchema } from '#contract/manifest.ts'
import { type Fault, faultMessages } from '#contract/manifest-faults.ts'
import { manifestFindings } from '#contract/manifest-findings.ts'
import { bareManifest } from '#contract/manifest-text.ts'

/** `notes`: what a deploy refuses under some circumstances. */
export type ManifestCheck = { manifest: Manifest | null; faults: FieldFault[]; notes: string[] }

const refused = (faults: FieldFault[]): ManifestCheck => ({ manifest: null, faults, notes: [] })

type Path = readonly PropertyKey[]

export async function checkManifest(text: string): Promise<ManifestCheck> {
  const { parseDocument, LineCounter: Lines } = await import('yaml')
  const lines = new Lines()
  const document = parseDocument(text, { lineCounter: lines, merge: true, prettyErrors: false })
  if (document.errors.length > 0) return refused(document.errors.map((error) => ({ path: '', message: error.message, ...position(lines, error.pos[0]) })))
  const input = bareManifest(document.toJS())
  if (input === null || typeof input !== 'object' || Array.isArray(input)) return refused([{ path: '', message: 'must be a map with a key `services` (such as: services: { web: { command: node web.js } })', line: 1, column: 1 }])
  const parsed = manifestSchema.safeParse(input)
  const placed = (one: Fault): FieldFault => ({
    path: one.path.join('.'),
    message: `${one.message}${one.hint === undefined ? '' : ` (${one.hint})`}`,
    ...nodePosition(document, lines, one.path, one.onKey ?? false),
  })
  const { faults, notes } = parsed.success ? manifestFindings(parsed.data) : { faults: parsed.error.issues.flatMap((issue) => faultMessages(issue, input)), notes: [] }
  if (parsed.success && faults.length === 0) return { manifest: parsed.data, faults: [], notes }
  return refused(faults.map(placed).sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)))
}

/** A pair of a map, or an element of a list. */
type Item = { key?: { value?: unknown; range?: number[] }; value?: { range?: number[] } | undefined; range?: number[] }

/** Where a value stands, or its key; for what is missing, where its parent stands. */
function nodePosition(document: Document.Parsed, lines: LineCounter, path: Path, atKey: boolean): { line?: number; column?: number } {
  for (let length = path.length; length > 0; length--) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true)
    const items = (parent as { items?: Item[] } | null)?.items
    const part = path[length - 1]
    const pair: Item | undefined = typeof part === 'number' ? { value: items?.[part] } : items?.find((item) => item.key?.value === part)
    const range = (atKey || length < path.length ? pair?.key?.range : pair?.value?.range) ?? pair?.key?.range ?? pair?.value?.range
    if (range?.[0] !== undefined) return position(lines, range[0])
  }
  return {}
}

function position(lines: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lines.linePos(offset)
  return { line, column: col }
}
