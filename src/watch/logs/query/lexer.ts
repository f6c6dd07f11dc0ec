/** A search as tokens, each with its place. What looks like no field and no pattern is a word: pasted text should find itself. */
import { type Mark, quoted } from '#base/and-or.ts'
import { AppError } from '#base/errors.ts'

export type Operator = ':' | '>=' | '>' | '<=' | '<'
export type Value = { kind: 'word' | 'phrase'; text: string; at: number } | { kind: 'regex'; source: string; ignoreCase: boolean; at: number }

export type Word = { kind: 'value'; at: number; value: Value } | { kind: 'field'; at: number; name: string; op: Operator; value: Value }
export type Token = Mark | Word

/** A fault in a search: where, what, and the way out. `at` counts characters from 0. */
export function faultAt(at: number, message: string, wayOut: string): AppError {
  return new AppError('invalid', `the search is not understood at character ${at + 1}: ${message} (${wayOut})`, { fields: [{ path: 'q', message: `${message} (${wayOut})`, line: 1, column: at + 1 }] })
}

const fieldStart = /(\.?[A-Za-z_@][\w.@-]*)(:|>=|<=|>|<)/y
const comparison = />=|<=|>|</y
const bareWord = /[^\s()"]+/y
const bareValue = /[^\s()]+/y
const space = /\s*/y
const numeric = /^-?\d+(\.\d+)?$/
/** Compared without a colon: `level>=warn`; of other fields only with numbers, so that `Promise<void>` is a word. */
const ordered = new Set(['level', 'release'])

export function tokens(text: string): Token[] {
  const found: Token[] = []
  for (let at = skip(text, 0); at < text.length; at = skip(text, at)) {
    const [token, end] = next(text, at)
    found.push(token)
    at = end
  }
  return found
}

function skip(text: string, at: number): number {
  return at + (matchAt(space, text, at)?.[0].length ?? 0)
}

function next(text: string, at: number): [Token, number] {
  const character = text[at] as string
  if (character === '(') return [{ kind: 'open', at }, at + 1]
  if (character === ')') return [{ kind: 'close', at }, at + 1]
  if (character === '-' && /\S/.test(text[at + 1] ?? ' ')) {
    if (text[at + 1] === '-') throw faultAt(at, 'two dashes in a row exclude nothing', `put quotes around a text that begins with them: "${matchAt(bareWord, text, at)?.[0] ?? '--'}"`)
    return [{ kind: 'not', at }, at + 1]
  }
  const field = fieldAt(text, at)
  if (field !== undefined) return field
  const [value, end] = valueAt(text, at, bareWord)
  if (value.kind === 'word' && /^(and|or)$/i.test(value.text)) return [{ kind: value.text.toLowerCase() as 'and' | 'or', at }, end]
  return [{ kind: 'value', at, value }, end]
}

function fieldAt(text: string, at: number): [Token, number] | undefined {
  const [whole, name, mark] = matchAt(fieldStart, text, at) ?? []
  if (whole === undefined || name === undefined) return undefined
  const after = at + whole.length
  if (mark !== ':') {
    const [value, end] = bare(text, after, bareValue)
    if (value === '' || !(ordered.has(name.toLowerCase()) || numeric.test(value))) return undefined
    return [{ kind: 'field', at, name, op: mark as Operator, value: { kind: 'word', text: value, at: after } }, end]
  }
  const rest = text.slice(after, after + 2)
  if (rest === '' || /^[\s():]/.test(rest) || rest === '//') return undefined // `Error: …`, `std::io`, `http://…`
  const op = matchAt(comparison, text, after)?.[0] as Operator | undefined
  const from = after + (op?.length ?? 0)
  if (from >= text.length || /[\s()]/.test(text[from] as string)) throw faultAt(from, `${name} is compared with nothing`, `write a value right behind it, such as ${name}:${op ?? ''}${op ? '500' : 'value'}`)
  const [value, end] = valueAt(text, from, bareValue)
  return [{ kind: 'field', at, name, op: op ?? ':', value }, end]
}

function valueAt(text: string, at: number, word: RegExp): [Value, number] {
  if (text[at] === '"') return phraseAt(text, at)
  if (text[at] === '/') {
    const regex = regexAt(text, at)
    if (regex !== undefined) return regex
  }
  const [value, end] = bare(text, at, word)
  return [{ kind: 'word', text: value, at }, end]
}

function bare(text: string, at: number, word: RegExp): [string, number] {
  const value = matchAt(word, text, at)?.[0] ?? ''
  return [value, at + value.length]
}

function phraseAt(text: string, at: number): [Value, number] {
  const found = quoted(text, at)
  if (found !== undefined) return [{ kind: 'phrase', text: found.text, at }, found.end]
  throw faultAt(at, 'this quote is never closed', 'add " at its end; a quote within is written \\"')
}

/** `/…/` or `/…/i` that ends where a word would end; anything else that begins with a slash is a path. */
function regexAt(text: string, at: number): [Value, number] | undefined {
  let inClass = false
  for (let place = at + 1; place < text.length; place++) {
    const character = text[place]
    if (character === '\\') place++
    else if (character === '[') inClass = true
    else if (character === ']') inClass = false
    else if (character === '/' && !inClass) {
      const flag = /(i?)(?=[\s()]|$)/y
      const ending = matchAt(flag, text, place + 1)
      if (ending === null || place === at + 1) return undefined
      return [{ kind: 'regex', source: text.slice(at + 1, place), ignoreCase: ending[1] === 'i', at }, place + 1 + (ending[1] as string).length]
    }
  }
  return undefined
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(text)
}
