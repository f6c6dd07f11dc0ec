/**
 * What small query languages have in common: words side by side must all hold, `or` binds weaker, `-` takes away what follows, parentheses,
 * and text in quotes. Each has its own words, its own trees and its own way to say what is wrong. Pure.
 *
 *   query := side ('or' side)*      side := part ('and'? part)*      part := '-' part | '(' query ')' | word
 */

/** `at`: where it begins, in characters from 0. */
export type Mark = { kind: 'open' | 'close' | 'and' | 'or' | 'not'; at: number }
type Word = { kind: string; at: number }

export type Grammar<W extends Word, Tree> = {
  /** Of parentheses and `-` within each other. */
  maxDepth: number
  word(token: W): Tree
  not(of: Tree): Tree
  /** Of two or more. */
  all(parts: Tree[]): Tree
  any(parts: Tree[]): Tree
  /** What is said when … at this place. */
  faults: {
    tooDeep(at: number): Error
    unclosed(at: number): Error
    unopened(at: number): Error
    /** A word, `-` or `(` should stand where `token` does, behind `before`; undefined: where the text ends, or begins. */
    missing(at: number, token: Mark | undefined, before: Mark | W | undefined): Error
  }
}

const marks: ReadonlySet<string> = new Set<Mark['kind']>(['open', 'close', 'and', 'or', 'not'])

function isWord<W extends Word>(token: Mark | W): token is W {
  return !marks.has(token.kind)
}

/** Throws what `faults` makes. `tokens`: one at least; kinds of words are none of the marks'. `end`: the length of the text. */
export function parseAndOr<W extends Word, Tree>(tokens: readonly (Mark | W)[], end: number, grammar: Grammar<W, Tree>): Tree {
  const { maxDepth, faults } = grammar
  let next = 0
  const here = () => tokens[next]
  const place = () => here()?.at ?? end
  const joined = (join: (parts: Tree[]) => Tree, parts: Tree[]): Tree => (parts.length === 1 ? (parts[0] as Tree) : join(parts))

  function either(depth: number): Tree {
    if (depth > maxDepth) throw faults.tooDeep(place())
    const sides = [side(depth)]
    while (here()?.kind === 'or') {
      next++
      sides.push(side(depth))
    }
    return joined(grammar.any, sides)
  }

  function side(depth: number): Tree {
    const parts = [part(depth)]
    for (let token = here(); token !== undefined && token.kind !== 'or' && token.kind !== 'close'; token = here()) {
      if (token.kind === 'and') next++
      parts.push(part(depth))
    }
    return joined(grammar.all, parts)
  }

  function part(depth: number): Tree {
    const token = here()
    if (token === undefined) throw faults.missing(end, token, tokens.at(-1))
    next++
    if (isWord(token)) return grammar.word(token)
    if (token.kind === 'not') {
      if (depth >= maxDepth) throw faults.tooDeep(token.at)
      return grammar.not(part(depth + 1))
    }
    if (token.kind !== 'open') throw faults.missing(token.at, token, tokens[next - 2])
    const inner = either(depth + 1)
    if (here()?.kind !== 'close') throw faults.unclosed(token.at)
    next++
    return inner
  }

  const tree = either(0)
  if (here() !== undefined) throw faults.unopened(place())
  return tree
}

/** Text in quotes that begins at `at`; `\"` and `\\` stand for themselves. `end`: behind it. Undefined: it never ends. */
export function quoted(text: string, at: number): { text: string; end: number } | undefined {
  let inside = ''
  for (let place = at + 1; place < text.length; place++) {
    if (text[place] === '"') return { text: inside, end: place + 1 }
    if (text[place] === '\\' && (text[place + 1] === '"' || text[place + 1] === '\\')) place++
    inside += text[place]
  }
  return undefined
}
