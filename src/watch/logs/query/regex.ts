/**
 * Patterns matched in linear time: no input, however made, holds a search up. The tree becomes an automaton (Thompson,
 * 1968), whose sets of states are made into a table as they are met; a table that outgrows its bound is begun anew.
 * Each unit of the text is looked at once. Only whether a pattern matches is answered, not where.
 */
import { AppError } from '#base/errors.ts'
import { fold } from '../model.ts'
import type { RegexTest } from './ast.ts'
import { type CharSet, type Node, negate, parseRegex, setHas, union, wordSet } from './regex-parse.ts'

type Step =
  | { kind: 'set'; set: CharSet; to: number }
  | { kind: 'fork'; to: number; or: number }
  | { kind: 'assert'; what: 'start' | 'end' | 'boundary' | 'inside'; to: number }
  | { kind: 'match' }

const maxSteps = 600
const maxRows = 400
const unknown = -1
const matched = -2

/** What stood before a place: nothing, a word character, another one. */
type Before = 0 | 1 | 2

export function compileRegex({ source, ignoreCase }: RegexTest): (text: string) => boolean {
  const tree = parseRegex(source, (_, message, wayOut) => new AppError('invalid', `/${source}/: ${message} (${wayOut})`))
  const steps = stepsOf(tree, ignoreCase, source)
  const automaton = new Automaton(steps)
  return ignoreCase ? (text) => automaton.test(fold(text)) : (text) => automaton.test(text)
}

/** ASCII texts, folded, that stand in every line that matches. */
export function requiredTexts(source: string): string[] {
  const tree = parseRegex(source, (_, message) => new AppError('invalid', message))
  const runs: string[] = []
  let run = ''
  const end = () => {
    if (run.length >= 3) runs.push(fold(run))
    run = ''
  }
  const walk = (node: Node): void => {
    if (node.kind === 'sequence') return node.of.forEach(walk)
    if (node.kind === 'repeat' && node.min > 0) {
      end()
      walk(node.of)
      return end()
    }
    const [range] = node.kind === 'set' ? node.set : []
    const single = node.kind === 'set' && node.set.length === 1 && range !== undefined && range[0] === range[1] && range[0] >= 32 && range[0] < 127
    if (single) run += String.fromCharCode(range[0])
    else if (node.kind !== 'assert') end()
  }
  walk(tree)
  end()
  return runs
}

function stepsOf(tree: Node, ignoreCase: boolean, source: string): Step[] {
  const steps: Step[] = []
  const add = (step: Step): number => {
    if (steps.length >= maxSteps) throw new AppError('invalid', `the pattern /${source}/ is too large (count to less in {}, or use * and +)`)
    return steps.push(step) - 1
  }
  // built from its end: each node is given where to go on, and answers where it begins
  const build = (node: Node, to: number): number => {
    if (node.kind === 'set') return add({ kind: 'set', set: ignoreCase ? foldSet(node.set) : node.set, to })
    if (node.kind === 'assert') return add({ kind: 'assert', what: node.what, to })
    if (node.kind === 'sequence') return node.of.reduceRight((next, part) => build(part, next), to)
    if (node.kind === 'choice') return node.of.map((side) => build(side, to)).reduceRight((or, side) => add({ kind: 'fork', to: side, or }))
    let next = to
    if (node.max === null) {
      const loop = add({ kind: 'fork', to, or: to })
      steps[loop] = { kind: 'fork', to: build(node.of, loop), or: to }
      next = loop
    } else for (let extra = node.min; extra < node.max; extra++) next = add({ kind: 'fork', to: build(node.of, next), or: to })
    for (let times = 0; times < node.min; times++) next = build(node.of, next)
    return next
  }
  const start = build(tree, add({ kind: 'match' }))
  add({ kind: 'fork', to: start, or: start }) // the last step is where to begin
  return steps
}

/** What of a set is left once the text is folded: a range of both cases becomes its lower one. */
function foldSet(set: CharSet): CharSet {
  const folded: [number, number][] = []
  const wide = set.some(([from, to]) => to - from > 512)
  const source = wide ? negate(set) : set
  for (const [from, to] of source) {
    folded.push([from, to])
    for (let unit = from; unit <= Math.min(to, from + 512); unit++)
      for (const other of [String.fromCharCode(unit).toLowerCase(), String.fromCharCode(unit).toUpperCase()])
        if (other.length === 1 && other.charCodeAt(0) !== unit) folded.push([other.charCodeAt(0), other.charCodeAt(0)])
  }
  return wide ? negate(union(folded)) : union(folded)
}

type Row = { /** Steps to begin from, before what follows them without a character. */ from: readonly number[]; before: Before; next: Int32Array }

class Automaton {
  readonly #steps: readonly Step[]
  /** Units from `#edges[n]` to the next edge are all in the same sets. */
  readonly #edges: readonly number[]
  readonly #classOfAscii: Uint16Array
  #rows: Row[] = []
  #known = new Map<string, number>()

  constructor(steps: readonly Step[]) {
    this.#steps = steps
    const sets = [wordSet, ...steps.flatMap((step) => (step.kind === 'set' ? [step.set] : []))]
    this.#edges = [...new Set([0, ...sets.flat().flatMap(([from, to]) => [from, to + 1])])].filter((edge) => edge <= 0xffff).sort((a, b) => a - b)
    this.#classOfAscii = Uint16Array.from({ length: 128 }, (_, unit) => this.#search(unit))
    this.#begin()
  }

  test(text: string): boolean {
    let at = 0
    for (let place = 0; place <= text.length; place++) {
      const unit = place < text.length ? text.charCodeAt(place) : -1
      const kind = unit === -1 ? this.#edges.length : unit < 128 ? (this.#classOfAscii[unit] as number) : this.#search(unit)
      let next = (this.#rows[at] as Row).next[kind] as number
      if (next === unknown) next = this.#move(at, kind)
      if (next === matched) return true
      at = next
    }
    return false
  }

  #begin(): void {
    this.#rows = []
    this.#known.clear()
    this.#rowOf([], 0)
  }

  #search(unit: number): number {
    let [low, high] = [0, this.#edges.length - 1]
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if ((this.#edges[middle] as number) <= unit) low = middle
      else high = middle - 1
    }
    return low
  }

  #rowOf(from: readonly number[], before: Before): number {
    const key = `${before}:${from.join(',')}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const place = this.#rows.push({ from, before, next: new Int32Array(this.#edges.length + 1).fill(unknown) }) - 1
    this.#known.set(key, place)
    return place
  }

  #move(at: number, kind: number): number {
    const row = this.#rows[at] as Row
    const atEnd = kind === this.#edges.length
    const unit = atEnd ? -1 : (this.#edges[kind] as number)
    const isWord = !atEnd && setHas(wordSet, unit)
    const seen = new Set<number>()
    const waiting = [...row.from, this.#steps.length - 1] // a match may begin anywhere
    const next = new Set<number>()
    let result: number | undefined
    while (waiting.length > 0) {
      const place = waiting.pop() as number
      if (seen.has(place)) continue
      seen.add(place)
      const step = this.#steps[place] as Step
      if (step.kind === 'match') result = matched
      else if (step.kind === 'fork') waiting.push(step.to, step.or)
      else if (step.kind === 'assert') {
        if (holds(step.what, row.before, atEnd, isWord)) waiting.push(step.to)
      } else if (!atEnd && setHas(step.set, unit)) next.add(step.to)
    }
    if (result === undefined && this.#rows.length >= maxRows) {
      const [start] = [[...next].sort((a, b) => a - b)]
      this.#begin()
      return this.#rowOf(start, isWord ? 1 : 2)
    }
    result ??= this.#rowOf([...next].sort((a, b) => a - b), isWord ? 1 : 2)
    row.next[kind] = result
    return result
  }
}

function holds(what: 'start' | 'end' | 'boundary' | 'inside', before: Before, atEnd: boolean, isWord: boolean): boolean {
  if (what === 'start') return before === 0
  if (what === 'end') return atEnd
  const isBoundary = (before === 1) !== isWord
  return what === 'boundary' ? isBoundary : !isBoundary
}
