/**
 * What every line that a search finds must have, as a tree that a store can ask without looking at the lines: pure.
 * It is never narrower than the search; what cannot be said (a negation, a short word) is left out, as `null`.
 */
import type { Expression, FieldTest, Glob, Leaf } from './ast.ts'
import { isLeaf } from './ast.ts'
import { requiredTexts } from '#base/regex.ts'

/** One thing that a line must have. */
export type LineTest =
  /** Stands in the folded text of the line. */
  | { kind: 'needle'; text: string }
  | Extract<Leaf, { kind: 'level' | 'stream' | 'label' | 'release' }>

export type Must = { kind: 'all' | 'any'; of: readonly Must[] } | LineTest

/** null = anything. */
export function mustOf(tree: Expression): Must | null {
  if (tree.kind === 'not') return negated(tree.of)
  if (isLeaf(tree)) return ofLeaf(tree)
  const parts = tree.of.map(mustOf)
  if (tree.kind === 'all') return together(parts)
  return parts.some((part) => part === null) ? null : { kind: 'any', of: parts as Must[] }
}

/** Of what is taken away, levels and streams can be said, because their complement can. */
function negated(tree: Expression): Must | null {
  if (tree.kind === 'not') return mustOf(tree.of)
  if (tree.kind === 'level') return { kind: 'level', places: [0, 1, 2, 3, 4].filter((place) => !tree.places.includes(place)) }
  if (tree.kind === 'stream') return { kind: 'stream', places: Array.from({ length: 16 }, (_, place) => place).filter((place) => !tree.places.includes(place)) }
  return null
}

function together(parts: readonly (Must | null)[]): Must | null {
  const some = parts.flatMap((part) => (part === null ? [] : part.kind === 'all' ? part.of : [part]))
  return some.length === 0 ? null : some.length === 1 ? (some[0] as Must) : { kind: 'all', of: some }
}

function needles(texts: readonly string[]): Must | null {
  return together(texts.filter((text) => text !== '').map((text) => ({ kind: 'needle', text })))
}

function ofLeaf(leaf: Leaf): Must | null {
  if (leaf.kind === 'text') return needles(leaf.glob)
  if (leaf.kind === 'regex') return needles(requiredTexts(leaf.regex.source))
  if (leaf.kind !== 'field') return leaf
  return needles([...namesIn(leaf.path), ...valuesIn(leaf.test)])
}

/** A field's name stands in the line as it is; `message` and `trace` go by many names. */
function namesIn(path: string): string[] {
  if (path === 'message' || path === 'trace') return []
  return path.toLowerCase().split('.').filter((name) => name.length > 2 && plain.test(name))
}

const plain = /^[\w @:,;=+!?.-]+$/
const runs = /[\w @:,;=+!?.-]{3,}/g

/** Of a value, what no encoder of JSON escapes. A number may be written in more than one way, unless it is a long whole one. */
function valuesIn(test: FieldTest): string[] {
  if (test.kind === 'glob') return test.glob.flatMap((piece) => (isOddNumber(test.glob) ? [] : [...piece.matchAll(runs)].map(([run]) => run)))
  return [] // of a pattern, the value may stand escaped in the line
}

function isOddNumber(glob: Glob): boolean {
  const [piece = ''] = glob
  return glob.length === 1 && piece.trim() !== '' && Number.isFinite(Number(piece)) && !/^[1-9]\d{4,14}$/.test(piece)
}

/** Needles that all must be there, of the outermost level. */
export function needlesOf(must: Must | null): string[] {
  if (must === null || must.kind === 'any') return []
  if (must.kind === 'needle') return [must.text]
  return must.kind === 'all' ? must.of.flatMap(needlesOf) : []
}

/**
 * A condition in a query language of a store. `leaf` says it of one test, or answers null where the store cannot; what it
 * answers is called once it is sure to be part of the condition, so that parameters are given to nothing else.
 */
export function conditionOf(must: Must | null, leaf: (one: LineTest) => (() => string) | null): (() => string) | null {
  if (must === null) return null
  if (!('of' in must)) return leaf(must)
  const parts = must.of.map((part) => conditionOf(part, leaf))
  const said = parts.filter((part) => part !== null)
  if (said.length === 0 || (must.kind === 'any' && said.length < parts.length)) return null
  return () => `(${said.map((part) => part()).join(must.kind === 'any' ? ' OR ' : ' AND ')})`
}
