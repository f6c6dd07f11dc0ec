/** A search → a tree, by the grammar of `#base/and-or.ts`; what a word means stands here. */
import { type Grammar, type Mark, parseAndOr } from '#base/and-or.ts'
import { nearest } from '#base/nearest.ts'
import { type LogStream, logStreams } from '#contract/wire.ts'
import { type Level, fold, levels } from '../model.ts'
import { levelNamed } from '../text.ts'
import { type Expression, type FieldTest, type Glob, type LabelName, type Leaf, allOf } from './ast.ts'
import { matchesGlob } from './glob.ts'
import { type Token, type Value, type Word, faultAt, tokens } from './lexer.ts'
import { parseRegex } from '#base/regex-parse.ts'

export const maxQueryLength = 1000
const maxTests = 60
const maxDepth = 25

/** null = no search: every line. Throws `invalid`, with the place in `fields`. */
export function parseQuery(text: string): Expression | null {
  if (text.length > maxQueryLength) throw faultAt(maxQueryLength, `it is ${text.length} characters long`, `at most ${maxQueryLength} are read`)
  const found = tokens(text)
  if (found.length === 0) return null
  if (found.filter((token) => token.kind === 'value' || token.kind === 'field').length > maxTests) throw faultAt(0, `it has more than ${maxTests} tests`, 'ask for less at once')
  return parseAndOr(found, text.length, grammar)
}

const grammar: Grammar<Word, Expression> = {
  maxDepth,
  word: (token) => (token.kind === 'value' ? textTest(token.value) : fieldTest(token)),
  not: (of) => ({ kind: 'not', of }),
  all: allOf,
  any: (of) => ({ kind: 'any', of }),
  faults: {
    tooDeep: (at) => faultAt(at, `it is nested deeper than ${maxDepth}`, 'ask in fewer parentheses'),
    unclosed: (at) => faultAt(at, '"(" is never closed', 'add ")", or put it in quotes'),
    unopened: (at) => faultAt(at, '")" closes nothing', 'take it away, or add "(" before; as text it stands in quotes: ")"'),
    missing,
  },
}

function missing(at: number, token: Mark | undefined, before: Token | undefined): Error {
  if (token === undefined) return faultAt(at, 'it ends where something is still missing', 'write what to look for; the words and, or are searched in quotes: "or"')
  if (token.kind === 'close' && before?.kind === 'open') return faultAt(before.at, 'nothing stands in these parentheses', 'as text they stand in quotes: "()"')
  return faultAt(at, `"${token.kind === 'close' ? ')' : token.kind}" stands where something to look for should`, token.kind === 'close' ? 'take it away' : `the word itself is searched in quotes: "${token.kind}"`)
}

function textTest(value: Value): Leaf {
  if (value.kind === 'regex') return { kind: 'regex', regex: regexOf(value) }
  return { kind: 'text', glob: globOf(value) }
}

function regexOf({ source, ignoreCase, at }: Extract<Value, { kind: 'regex' }>) {
  parseRegex(source, (place, message, wayOut) => faultAt(at + 1 + place, message, wayOut)) // says here what it cannot
  return { source, ignoreCase }
}

function globOf(value: Exclude<Value, { kind: 'regex' }>): Glob {
  return value.kind === 'phrase' ? [fold(value.text)] : fold(value.text).split('*')
}

type FieldToken = Extract<Token, { kind: 'field' }>

const labels: Record<string, LabelName> = { app: 'app', env: 'environment', environment: 'environment', service: 'service', instance: 'instance', machine: 'machine' }

function fieldTest(token: FieldToken): Leaf {
  const name = token.name.toLowerCase()
  if (name === 'level') return { kind: 'level', places: levelPlaces(token) }
  if (name === 'stream') return { kind: 'stream', places: streamPlaces(token) }
  if (name === 'release') return releaseTest(token)
  const label = labels[name]
  if (label !== undefined) return { kind: 'label', label, glob: globOf(plainWord(token)) }
  const path = name === 'msg' ? 'message' : name === 'trace_id' || name === 'traceid' ? 'trace' : token.name
  return { kind: 'field', path, test: testOf(token) }
}

function testOf({ name, op, value }: FieldToken): FieldTest {
  if (op !== ':') {
    const than = value.kind === 'word' ? Number(value.text) : Number.NaN
    if (!Number.isFinite(than)) throw faultAt(value.at, `${name} is compared with what is no number`, `write a number, such as ${name}:${op}500`)
    return { kind: 'number', test: { op, than } }
  }
  if (value.kind === 'regex') return { kind: 'regex', regex: regexOf(value) }
  return value.kind === 'word' && value.text === '*' ? { kind: 'exists' } : { kind: 'glob', glob: globOf(value) }
}

function plainWord({ name, op, value }: FieldToken): Exclude<Value, { kind: 'regex' }> {
  if (op !== ':' || value.kind === 'regex') throw faultAt(value.at, `${name} is a name, not to be compared or matched by a pattern`, `write ${name}:NAME, with * for any characters`)
  return value
}

/** From debug to error, as places; a line of no known level counts as info. */
const ladder: Exclude<Level, 'unknown'>[] = ['debug', 'info', 'warn', 'error']

function levelPlaces({ op, value }: FieldToken): number[] {
  const text = value.kind === 'regex' ? '' : value.text.toLowerCase()
  if (text === 'unknown' && op === ':') return [0]
  const level = levelNamed(text)
  if (level === undefined) throw faultAt(value.at, `"${text}" is not a level`, `levels are ${ladder.join(', ')}: level:error, level>=warn`)
  const rank = ladder.indexOf(level)
  const wanted = ladder.filter((_, at) => (op === ':' ? at === rank : op === '>=' ? at >= rank : op === '>' ? at > rank : op === '<=' ? at <= rank : at < rank))
  return wanted.flatMap((one) => (one === 'info' ? [levels.indexOf('unknown'), levels.indexOf('info')] : [levels.indexOf(one)]))
}

function streamPlaces(token: FieldToken): number[] {
  const { value } = token
  const glob = globOf(plainWord(token))
  const places = logStreams.flatMap((stream, place) => (matchesGlob(glob, stream) ? [place] : []))
  if (places.length > 0) return places
  const text = value.kind === 'regex' ? '' : value.text
  const meant = nearest(text, logStreams as readonly LogStream[])
  throw faultAt(value.at, `"${text}" is not a stream of logs`, meant === undefined ? `they are ${logStreams.join(', ')}` : `did you mean ${meant}? They are ${logStreams.join(', ')}`)
}

function releaseTest({ op, value }: FieldToken): Leaf {
  const number = value.kind === 'regex' ? undefined : /^v?(\d{1,9})$/i.exec(value.text)?.[1]
  if (number === undefined) throw faultAt(value.at, 'this is not a release', 'write release:v12, or release:>=12')
  return { kind: 'release', op: op === ':' ? '=' : op, release: Number(number) }
}
