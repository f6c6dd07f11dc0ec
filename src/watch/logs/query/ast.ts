/**
 * A parsed search over log lines: a tree of and, or, not over tests of one line. Plain data, so that each store may
 * translate it into what it can pass over (`prune.ts` for ours). Texts are folded (`fold`) already.
 */

import type { RegexTest } from '#base/regex.ts'

/** Pieces of a text with `*` between them: one piece is the text itself, `['a', 'b']` is `a*b`. */
export type Glob = readonly string[]

export type NumberTest = { op: '>=' | '>' | '<=' | '<'; than: number }

export type FieldTest = { kind: 'glob'; glob: Glob } | { kind: 'number'; test: NumberTest } | { kind: 'regex'; regex: RegexTest } | { kind: 'exists' }

export const labelNames = ['app', 'environment', 'service', 'instance', 'machine'] as const
export type LabelName = (typeof labelNames)[number]

export type Leaf =
  /** The pieces stand in the line, one after the other. */
  | { kind: 'text'; glob: Glob }
  | { kind: 'regex'; regex: RegexTest }
  /** Places in `levels`. */
  | { kind: 'level'; places: readonly number[] }
  /** Places in `logStreams`. */
  | { kind: 'stream'; places: readonly number[] }
  | { kind: 'label'; label: LabelName; glob: Glob }
  | { kind: 'release'; op: '=' | NumberTest['op']; release: number }
  /** A field of the line itself, or `message` and `trace`, which go by several names. `path` is dotted, as written. */
  | { kind: 'field'; path: string; test: FieldTest }

export type Expression = { kind: 'all'; of: readonly Expression[] } | { kind: 'any'; of: readonly Expression[] } | { kind: 'not'; of: Expression } | Leaf

export function isLeaf(one: Expression): one is Leaf {
  return one.kind !== 'all' && one.kind !== 'any' && one.kind !== 'not'
}

export function mentions(one: Expression, kind: Leaf['kind']): boolean {
  if (isLeaf(one)) return one.kind === kind
  return one.kind === 'not' ? mentions(one.of, kind) : one.of.some((part) => mentions(part, kind))
}

/** All of them; what is already an `all` is opened. */
export function allOf(parts: readonly Expression[]): Expression {
  const flat = parts.flatMap((part) => (part.kind === 'all' ? part.of : [part]))
  return flat.length === 1 ? (flat[0] as Expression) : { kind: 'all', of: flat }
}
