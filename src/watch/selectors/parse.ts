/**
 * Text → tree, by the grammar of `#base/and-or.ts`; `not` is another word for `-`. Answers null for an empty query, which matches nothing.
 */
import { type Grammar, type Mark, parseAndOr } from '#base/and-or.ts'
import type { Query } from './ast.ts'
import { type Token, type Word, lex, queryFault } from './lex.ts'

const maxDepth = 40

export function parseQuery(text: string): Query | null {
  const tokens = lex(text)
  return tokens.length === 0 ? null : parseAndOr(tokens, text.length, grammar)
}

const grammar: Grammar<Word, Query> = {
  maxDepth,
  word: ({ term }) => term,
  not: (of) => ({ is: 'not', of }),
  all: (parts) => joined('and', parts),
  any: (parts) => joined('or', parts),
  faults: {
    tooDeep: (at) => queryFault(at, `parentheses and "-" are nested deeper than ${maxDepth}`),
    unclosed: (at) => queryFault(at, 'this parenthesis is not closed'),
    unopened: (at) => queryFault(at, 'this parenthesis was not opened'),
    missing: (at, token, before) => queryFault(at, expected(token, before)),
  },
}

const written: Record<Mark['kind'], string> = { open: '(', close: ')', and: 'and', or: 'or', not: '-' }

function expected(token: Mark | undefined, before: Token | undefined): string {
  const what = token === undefined ? 'the query ends' : `"${written[token.kind]}" comes`
  const after = before === undefined || before.kind === 'term' ? '' : ` after "${written[before.kind]}"`
  return `${what}${after} where a name, field:value or ( should be${token?.kind === 'and' || token?.kind === 'or' ? `; the word itself goes in quotes: "${token.kind}"` : ''}`
}

/** `a (b c)` is `a b c`. */
function joined(is: 'and' | 'or', parts: readonly Query[]): Query {
  return { is, of: parts.flatMap((part) => (part.is === is ? part.of : [part])) }
}
