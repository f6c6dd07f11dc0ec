/**
 * Text → tree. `and` binds closer than `or`; words that stand beside each other are joined by `and`; `-` and `not` leave out what follows.
 * Answers null for an empty query, which matches nothing.
 */
import type { Query } from './ast.ts'
import { type Token, lex, queryFault } from './lex.ts'

const maxDepth = 40

export function parseQuery(text: string): Query | null {
  const tokens = lex(text)
  if (tokens.length === 1) return null
  let at = 0
  const here = (): Token => tokens[at] as Token

  function either(depth: number): Query {
    if (depth > maxDepth) throw queryFault(here().column, `parentheses and "-" are nested deeper than ${maxDepth}`)
    const of = [all(depth)]
    while (here().is === 'or') {
      at++
      of.push(all(depth))
    }
    return joined('or', of)
  }

  function all(depth: number): Query {
    const of = [one(depth)]
    for (;;) {
      if (here().is === 'and') at++
      else if (here().is !== 'term' && here().is !== '-' && here().is !== '(') return joined('and', of)
      of.push(one(depth))
    }
  }

  function one(depth: number): Query {
    const token = here()
    at++
    if (token.is === 'term') return token.term
    if (token.is === '-') {
      if (depth >= maxDepth) throw queryFault(token.column, `parentheses and "-" are nested deeper than ${maxDepth}`)
      return { is: 'not', of: one(depth + 1) }
    }
    if (token.is === '(') {
      const query = either(depth + 1)
      if (here().is !== ')') throw queryFault(token.column, 'this parenthesis is not closed')
      at++
      return query
    }
    throw queryFault(token.column, expected(token, tokens[at - 2]))
  }

  const query = either(0)
  if (here().is === ')') throw queryFault(here().column, 'this parenthesis was not opened')
  return query
}

function expected(token: Token, before: Token | undefined): string {
  const what = token.is === 'end' ? 'the query ends' : `"${token.is}" comes`
  const after = before === undefined ? '' : before.is === 'term' ? '' : ` after "${before.is}"`
  return `${what}${after} where a name, field:value or ( should be${token.is === 'and' || token.is === 'or' ? `; the word itself goes in quotes: "${token.is}"` : ''}`
}

/** `a (b c)` is `a b c`. */
function joined(is: 'and' | 'or', parts: readonly Query[]): Query {
  const of = parts.flatMap((part) => (part.is === is ? part.of : [part]))
  return of.length === 1 ? (of[0] as Query) : { is, of }
}
