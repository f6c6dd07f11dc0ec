/** The words of a query, each with the column where it begins (from 1). */
import { AppError } from '#base/errors.ts'
import { nearest } from '#base/nearest.ts'
import { type Field, type Term, fields, keywords, kinds, synonyms } from './ast.ts'

export type Token = { column: number } & ({ is: '(' | ')' | '-' | 'and' | 'or' | 'end' } | { is: 'term'; term: Term })

export const maxQueryLength = 1000

export function queryFault(column: number, message: string): AppError {
  return new AppError('invalid', `the query, at column ${column}: ${message}`, { fields: [{ path: 'query', message, line: 1, column }] })
}

export function lex(text: string): Token[] {
  if (text.length > maxQueryLength) throw queryFault(maxQueryLength + 1, `it has ${text.length} characters; ${maxQueryLength} is the most (use * and parentheses to say it shorter)`)
  const tokens: Token[] = []
  let at = 0
  while (at < text.length) {
    const column = at + 1
    const char = text[at] as string
    if (/\s/.test(char)) at++
    else if (char === '(' || char === ')') {
      tokens.push({ is: char, column })
      at++
    } else if (char === '-') {
      if (/^(\s|\)|$)/.test(text.slice(at + 1, at + 2))) throw queryFault(column, 'a "-" stands directly before what it leaves out, as in -env:staging')
      tokens.push({ is: '-', column })
      at++
    } else {
      const { token, end } = word(text, at)
      tokens.push(token)
      at = end
    }
  }
  return [...tokens, { is: 'end', column: text.length + 1 }]
}

/** `name`, `field:value`, `field:"a value"`, `"a name"`, or a keyword. */
function word(text: string, start: number): { token: Token; end: number } {
  const column = start + 1
  const prefix = /^([A-Za-z_-]+):/.exec(text.slice(start))
  const field = prefix === null ? null : fieldOf(prefix[1] as string, column)
  const from = start + (prefix?.[0].length ?? 0)
  if (text[from] === '"') {
    const { value, end } = quoted(text, from)
    return { token: { is: 'term', column, term: checked({ is: 'term', field, text: value, literal: true }, column) }, end }
  }
  const value = /^[^\s()"]*/.exec(text.slice(from))?.[0] ?? ''
  const end = from + value.length
  if (text[end] === '"') throw queryFault(end + 1, 'a quote begins in the middle of a word (put the whole value in quotes)')
  if (field === null && keywords.has(value.toLowerCase())) {
    const keyword = value.toLowerCase() as 'and' | 'or' | 'not'
    return { token: { is: keyword === 'not' ? '-' : keyword, column }, end }
  }
  if (value === '') throw queryFault(from + 1, `${prefix?.[0] ?? ''} needs a value (${prefix?.[0] ?? ''}* is any)`)
  if (field === null && value.includes(':')) throw queryFault(column, `"${value.split(':')[0]}" is not a field (${fields.join(', ')}; a name with a colon goes in quotes)`)
  return { token: { is: 'term', column, term: checked({ is: 'term', field, text: value, literal: !value.includes('*') }, column) }, end }
}

function fieldOf(name: string, column: number): Field {
  const lower = name.toLowerCase()
  const field = fields.find((one) => one === lower) ?? (Object.hasOwn(synonyms, lower) ? synonyms[lower] : undefined)
  if (field !== undefined) return field
  const meant = nearest(lower, [...fields, ...Object.keys(synonyms)])
  throw queryFault(column, `"${name}" is not a field${meant === undefined ? '' : `; did you mean ${meant}:?`} (${fields.join(', ')})`)
}

function checked(term: Term, column: number): Term {
  if (term.field !== 'kind' || !term.literal || (kinds as readonly string[]).includes(term.text.toLowerCase())) return term
  throw queryFault(column, `"${term.text}" is not a kind (${kinds.join(', ')})`)
}

/** `\"` and `\\` stand for themselves. */
function quoted(text: string, start: number): { value: string; end: number } {
  let value = ''
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '"') return { value, end: at + 1 }
    if (text[at] === '\\' && (text[at + 1] === '"' || text[at + 1] === '\\')) at++
    value += text[at]
  }
  throw queryFault(start + 1, 'this quote is not closed')
}
