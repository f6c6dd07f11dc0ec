/** A tree as one test of a line. Compiled once for each search; what a line costs to take apart is paid when a test needs it. */
import { type SourceLabels, fold } from '../model.ts'
import { type Structure, messageOfFields, structureOf, traceOfFields, valuesAt } from '../structure.ts'
import { type Expression, type FieldTest, type NumberTest, isLeaf } from './ast.ts'
import { holdsGlob, matchesGlob } from './glob.ts'
import { compileRegex } from '#base/regex.ts'

export type Matcher = (line: Candidate) => boolean

export class Candidate {
  readonly level: number
  readonly stream: number
  readonly text: string
  readonly labels: SourceLabels
  #folded: string | undefined
  #structure: Structure | null | undefined

  constructor(row: { level: number; stream: number; text: string }, labels: SourceLabels) {
    this.level = row.level
    this.stream = row.stream
    this.text = row.text
    this.labels = labels
  }
  get folded(): string {
    return (this.#folded ??= fold(this.text))
  }
  get structure(): Structure | null {
    if (this.#structure === undefined) this.#structure = structureOf(this.text)
    return this.#structure
  }
}

export function matcherOf(tree: Expression): Matcher {
  if (tree.kind === 'not') {
    const inner = matcherOf(tree.of)
    return (line) => !inner(line)
  }
  if (!isLeaf(tree)) {
    const parts = tree.of.map(matcherOf)
    return tree.kind === 'all' ? (line) => parts.every((part) => part(line)) : (line) => parts.some((part) => part(line))
  }
  switch (tree.kind) {
    case 'text':
      return (line) => holdsGlob(tree.glob, line.folded)
    case 'regex': {
      const test = compileRegex(tree.regex)
      return (line) => test(line.text)
    }
    case 'level':
      return (line) => tree.places.includes(line.level)
    case 'stream':
      return (line) => tree.places.includes(line.stream)
    case 'label':
      return (line) => matchesGlob(tree.glob, fold(line.labels[tree.label]))
    case 'release':
      return ({ labels: { release } }) => release !== null && (tree.op === '=' ? release === tree.release : compares({ op: tree.op, than: tree.release }, release))
    case 'field':
      return fieldMatcher(tree.path, testOf(tree.test))
  }
}

function fieldMatcher(path: string, test: (value: unknown) => boolean): Matcher {
  const special = path === 'message' ? messageOfFields : path === 'trace' ? traceOfFields : undefined
  const own = path.startsWith('.') ? path.slice(1) : path
  return ({ structure }) => {
    if (structure === null) return false
    if (valuesAt(structure.fields, own).some(test)) return true
    const value = special?.(structure)
    return value !== undefined && test(value)
  }
}

function testOf(test: FieldTest): (value: unknown) => boolean {
  if (test.kind === 'exists') return () => true
  if (test.kind === 'number') return (value) => compares(test.test, numberOf(value))
  if (test.kind === 'regex') {
    const matches = compileRegex(test.regex)
    return (value) => isPlain(value) && matches(String(value))
  }
  const exact = test.glob.length === 1 ? (test.glob[0] as string) : ''
  const number = exact === '' ? Number.NaN : Number(exact)
  return (value) => isPlain(value) && (matchesGlob(test.glob, fold(String(value))) || (typeof value === 'number' && value === number))
}

const isPlain = (value: unknown) => typeof value !== 'object' || value === null

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN
}

export function compares({ op, than }: NumberTest, value: number): boolean {
  return op === '>=' ? value >= than : op === '>' ? value > than : op === '<=' ? value <= than : value < than
}
