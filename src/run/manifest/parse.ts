/**
 * YAML (or JSON, which is YAML) → `Manifest`, with every fault at once, each with line, column and the nearest known
 * key. Bounded: size, depth and aliases, so that a small file cannot become a large one.
 */
import { LineCounter, isAlias, isMap, isPair, isScalar, isSeq, parseDocument, visit, type Document, type Node } from 'yaml'
import { AppError, type FieldFault } from '#base/errors.ts'
import { manifestSchema, type Manifest } from '#contract/manifest.ts'
import { type Fault, faultMessages } from '#contract/manifest-faults.ts'
import { type FindingOptions, manifestFindings } from '#contract/manifest-findings.ts'
import { bareManifest } from '#contract/manifest-text.ts'

const maxBytes = 256 * 1024
const maxDepth = 30
/** Nodes that aliases may stand for, all together. */
const maxAliasedNodes = 5_000

type Path = readonly (string | number)[]

export type Parsed = { manifest: Manifest; notes: string[] }

/** @param name  how the file is called in errors. Throws `invalid` with all faults in `fields`. */
export function parseManifest(text: string, name: string, options: FindingOptions = {}): Parsed {
  const { value, place } = parseYaml(text, name)
  return validateManifest(value, name, options, place)
}

/** The same for a value that has no text: a translation of another file. */
export function validateManifest(value: unknown, name: string, options: FindingOptions = {}, place: Place = () => ({})): Parsed {
  const bare = bareManifest(value)
  if (bare === null || typeof bare !== 'object' || Array.isArray(bare)) throw refused(name, [{ path: '', message: 'must be a map with a key `services`' }])
  const result = manifestSchema.safeParse(bare)
  if (!result.success) throw refused(name, result.error.issues.flatMap((issue) => faultMessages(issue, bare)).map((fault) => placed(fault, place)))
  const { faults, notes } = manifestFindings(result.data, options)
  if (faults.length > 0) throw refused(name, faults.map((fault) => placed(fault, place)))
  return { manifest: result.data, notes }
}

export type Place = (path: Path, onKey: boolean) => { line?: number; column?: number }

/** A bounded YAML parse; also used for the foreign files that are translated. Throws `invalid`. */
export function parseYaml(text: string, name: string): { value: unknown; place: Place } {
  if (Buffer.byteLength(text) > maxBytes) throw new AppError('invalid', `${name} is larger than ${maxBytes / 1024} KB`)
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, merge: true, prettyErrors: false, strict: true, uniqueKeys: true })
  const faults = document.errors.map((error) => {
    const { line, col } = lines.linePos(error.pos[0])
    return { path: '', message: `${error.message.replace(/\.$/, '')} at line ${line}, column ${col}`, line, column: col }
  })
  if (faults.length > 0) throw refused(name, faults)
  bound(document, name)
  return { value: document.toJS({ maxAliasCount: 1000 }), place: (path, onKey) => positionOf(document, lines, path, onKey) }
}

/** Refuses what would grow: depth, and aliases of aliases. */
function bound(document: Document.Parsed, name: string): void {
  const sizes = new Map<Node, number>()
  let aliased = 0
  const count = (node: unknown, depth: number): number => {
    if (depth > maxDepth) throw new AppError('invalid', `${name} is nested deeper than ${maxDepth} levels`)
    if (isAlias(node)) {
      const target = node.resolve(document)
      const size = target === undefined ? 1 : (sizes.get(target) ?? Number.POSITIVE_INFINITY) // not counted yet: it holds itself
      aliased += size
      if (aliased > maxAliasedNodes) throw new AppError('invalid', `${name} uses aliases that stand for more than ${maxAliasedNodes} values (or an alias within its own anchor)`)
      return size
    }
    let size = 1
    if (isMap(node)) for (const pair of node.items) size += count(pair.key, depth + 1) + count(pair.value, depth + 1)
    else if (isSeq(node)) for (const item of node.items) size += count(isPair(item) ? item.value : item, depth + 1)
    if (isMap(node) || isSeq(node) || isScalar(node)) sizes.set(node as Node, size)
    return size
  }
  count(document.contents, 0)
  visit(document, {
    Scalar(key, node) {
      if (typeof node.value === 'string' && (node.value.includes('\0') || !node.value.isWellFormed())) throw new AppError('invalid', `${name} holds a NUL or half a character in ${JSON.stringify(node.value.slice(0, 60))}, which neither a command nor a variable can`)
      if (key === 'key' && typeof node.value !== 'string' && typeof node.value !== 'number' && node.value !== null) return
      if (key === 'key' && (node.value === '__proto__' || node.value === 'constructor')) throw new AppError('invalid', `${name} has a key named ${String(node.value)}`)
    },
  })
}

function positionOf(document: Document.Parsed, lines: LineCounter, path: Path, onKey: boolean): { line?: number; column?: number } {
  const resolved = (node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node)
  let node: unknown = document.contents
  let at: number | undefined = rangeStart(node)
  for (const [index, part] of path.entries()) {
    node = resolved(node)
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part))
      if (pair === undefined) break
      const last = index === path.length - 1
      at = rangeStart(last && !onKey ? (pair.value ?? pair.key) : pair.key) ?? rangeStart(pair.key) ?? at
      node = pair.value
    } else if (isSeq(node)) {
      node = node.items[Number(part)]
      at = rangeStart(node) ?? at
    } else break
  }
  if (at === undefined) return {}
  const { line, col } = lines.linePos(at)
  return { line, column: col }
}

function rangeStart(node: unknown): number | undefined {
  return (node as Node | null)?.range?.[0]
}

function placed(fault: Fault, place: Place): FieldFault {
  const { line, column } = place(fault.path, fault.onKey ?? false)
  const where = line === undefined ? '' : ` at line ${line}, column ${column}`
  const hint = fault.hint === undefined ? '' : ` (${fault.hint})`
  return { path: fault.path.join('.'), message: `${fault.message}${where}${hint}`, ...(line === undefined ? {} : { line, column: column as number }) }
}

function refused(name: string, faults: FieldFault[]): AppError {
  const shown = faults.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)).slice(0, 50)
  const more = faults.length > shown.length ? ` (and ${faults.length - shown.length} more)` : ''
  const detail = shown.length === 1 ? `${name}: ${shown[0]?.message}` : `${name} has ${faults.length} faults: ${shown.map((fault) => fault.message).join('; ')}${more}`
  return new AppError('invalid', detail, { fields: shown })
}
