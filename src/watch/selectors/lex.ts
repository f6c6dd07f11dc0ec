/** The words of a query, each with its place. */
import { type Mark, quoted } from '#base/and-or.ts'
import { AppError } from '#base/errors.ts'
import { nearest } from '#base/nearest.ts'
import { type Field, type Term, fields, keywords, kinds, synonyms } from './ast.ts'

export type Word = { kind: 'term'; at: number; term: Term }
export type Token = Mark | Word

export const maxQueryLength = 1000

/** `at` counts characters from 0, and columns are told from 1. */
export function queryFault(at: number, message: string): AppError {
  const column = at + 1
  return new AppError('invalid', `the query, at column ${column}: ${message}`, { fields: [{ path: 'query', message, line: 1, column }] })
}

export function lex(text: string): Token[] {
  if (text.length > maxQueryLength) throw queryFault(maxQueryLength, `it has ${text.length} characters; ${maxQueryLength} is the most (use * and parentheses to say it shorter)`)
  const tokens: Token[] = []
  let at = 0
  while (at < text.length) {
    const char = text[at] as string
    if (/\s/.test(char)) at++
    else if (char === '(' || char === ')') {
      tokens.push({ kind: char === '(' ? 'open' : 'close', at })
      at++
    } else if (char === '-') {
      if (/^(\s|\)|$)/.test(text.slice(at + 1, at + 2))) throw queryFault(at, 'a "-" stands directly before what it leaves out, as in -env:staging')
      tokens.push({ kind: 'not', at })
      at++
    } else {
      const { token, end } = word(text, at)
      tokens.push(token)
      at = end
    }
  }
  return tokens
}

/** `name`, `field:value`, `field:"a value"`, `"a name"`, or a keyword. */
function word(text: string, at: number): { token: Token; end: number } {
  const prefix = /^([A-Za-z_-]+):/.exec(text.slice(at))
  const field = prefix === null ? null : fieldOf(prefix[1] as string, at)
  const from = at + (prefix?.[0].length ?? 0)
  if (text[from] === '"') {
    const found = quoted(text, from)
    if (found === undefined) throw queryFault(from, 'this quote is not closed')
    return { token: { kind: 'term', at, term: checked({ is: 'term', field, text: found.text, literal: true }, at) }, end: found.end }
  }
  const value = /^[^\s()"]*/.exec(text.slice(from))?.[0] ?? ''
  const end = from + value.length
  if (text[end] === '"') throw queryFault(end, 'a quote begins in the middle of a word (put the whole value in quotes)')
  if (field === null && keywords.has(value.toLowerCase())) return { token: { kind: value.toLowerCase() as 'and' | 'or' | 'not', at }, end }
  if (value === '') throw queryFault(from, `${prefix?.[0] ?? ''} needs a value (${prefix?.[0] ?? ''}* is any)`)
  if (field === null && value.includes(':')) throw queryFault(at, `"${value.split(':')[0]}" is not a field (${fields.join(', ')}; a name with a colon goes in quotes)`)
  return { token: { kind: 'term', at, term: checked({ is: 'term', field, text: value, literal: !value.includes('*') }, at) }, end }
}

function fieldOf(name: string, at: number): Field {
  const lower = name.toLowerCase()
  const field = fields.find((one) => one === lower) ?? (Object.hasOwn(synonyms, lower) ? synonyms[lower] : undefined)
  if (field !== undefined) return field
  const meant = nearest(lower, [...fields, ...Object.keys(synonyms)])
  throw queryFault(at, `"${name}" is not a field${meant === undefined ? '' : `; did you mean ${meant}:?`} (${fields.join(', ')})`)
}

function checked(term: Term, at: number): Term {
  if (term.field !== 'kind' || !term.literal || (kinds as readonly string[]).includes(term.text.toLowerCase())) return term
  throw queryFault(at, `"${term.text}" is not a kind (${kinds.join(', ')})`)
}
