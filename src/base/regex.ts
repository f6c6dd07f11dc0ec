/**
 * Patterns matched in linear time: no input, however made, holds a search up. The tree becomes an automaton (Thompson,
 * 1968), whose sets of places are made into a table as they are met; a text for which the table outgrows its bound is
 * gone on with without one. Each unit of the text is looked at once. Only whether a pattern matches is answered, not where.
 */
import { AppError } from './errors.ts'
import { type CharSet, type Flags, type Node, type Place, lineEndSet, negate, parseRegex, setHas, union, wordSet } from './regex-parse.ts'

export type RegexTest = { source: string; ignoreCase: boolean } & Flags

/** A text that comes in parts. Not to be used by two at once: they share one table. */
export type RegexScan = {
  /** Takes in `text[from, to)`; whether it matches already, however the text goes on. */
  feed(text: string, from: number, to: number): boolean
  /** Whether it matches if the text ends here. */
  atEnd(): boolean
}

type Step =
  | { kind: 'set'; set: CharSet; to: number }
  | { kind: 'fork'; to: number; or: number }
  | { kind: 'assert'; what: Place; to: number }
  | { kind: 'match' }

const maxSteps = 600
const maxRows = 400
const unknown = -1
const matched = -2
/** The text ends here, and does not match. */
const ended = -3
/** At places that have no row. */
const loose = -4

/** What stood before a place: nothing, a word character, another one, the end of a line. */
type Before = 0 | 1 | 2 | 3

/** Without regard to case = in lower case, as log lines are searched. */
const fold = (text: string): string => text.toLowerCase()

/** Throws `invalid` with the construct that cannot be matched so, and the way out. `rows`: what the table may hold. */
export function compileRegex(regex: RegexTest, rows = maxRows): (text: string) => boolean {
  const automaton = automatonOf(regex, rows)
  return regex.ignoreCase ? (text) => automaton.test(fold(text)) : (text) => automaton.test(text)
}

/** For texts that are long or come bit by bit. Throws as `compileRegex` does. */
export function scanRegex(regex: RegexTest, rows = maxRows): RegexScan {
  const automaton = automatonOf(regex, rows)
  let at = 0
  return {
    feed(text, from, to) {
      const part = text.slice(from, to)
      at = automaton.advance(at, regex.ignoreCase ? fold(part) : part)
      return at === matched
    },
    atEnd: () => at === matched || automaton.endsWell(at),
  }
}

function automatonOf({ source, ignoreCase, ...flags }: RegexTest, rows: number): Automaton {
  const tree = parseRegex(source, (_, message, wayOut) => new AppError('invalid', `/${source}/: ${message} (${wayOut})`), flags)
  return new Automaton(stepsOf(tree, ignoreCase, source), rows)
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
  readonly #maxRows: number
  /** Units from `#edges[n]` to the next edge are all in the same sets: they are of kind n. The last kind is the text's end. */
  readonly #edges: readonly number[]
  readonly #kindOfAscii: Uint16Array
  /** What a place comes after once a unit of the kind was taken. */
  readonly #leaves: readonly Before[]
  /** By step: which kinds it takes. */
  readonly #takes: readonly (Uint8Array | null)[]
  /** By step: the turn in which it was last looked at, and gone to. */
  readonly #seen: Float64Array
  readonly #added: Float64Array
  #turn = 0
  #rows: Row[] = []
  #known = new Map<string, number>()
  #loose: Pick<Row, 'from' | 'before'> = { from: [], before: 0 }

  constructor(steps: readonly Step[], maxRows: number) {
    this.#steps = steps
    this.#maxRows = maxRows
    const sets = [wordSet, lineEndSet, ...steps.flatMap((step) => (step.kind === 'set' ? [step.set] : []))]
    this.#edges = [...new Set([0, ...sets.flat().flatMap(([from, to]) => [from, to + 1])])].filter((edge) => edge <= 0xffff).sort((a, b) => a - b)
    this.#kindOfAscii = Uint16Array.from({ length: 128 }, (_, unit) => this.#search(unit))
    this.#leaves = this.#edges.map((unit) => (setHas(wordSet, unit) ? 1 : setHas(lineEndSet, unit) ? 3 : 2))
    const kindsOf = new Map(sets.map((set) => [set, Uint8Array.from(this.#edges, (unit) => (setHas(set, unit) ? 1 : 0))]))
    this.#takes = steps.map((step) => (step.kind === 'set' ? (kindsOf.get(step.set) ?? null) : null))
    this.#seen = new Float64Array(steps.length)
    this.#added = new Float64Array(steps.length)
    this.#begin()
  }

  test(text: string): boolean {
    if (this.#rows.length >= this.#maxRows) this.#begin()
    const at = this.advance(0, text)
    return at === matched || this.endsWell(at)
  }

  /** From row to row, or to `matched`. */
  advance(from: number, text: string): number {
    let at = from
    for (let place = 0; place < text.length && at !== matched; place++) {
      const unit = text.charCodeAt(place)
      at = this.#next(at, unit < 128 ? (this.#kindOfAscii[unit] as number) : this.#search(unit))
    }
    return at
  }

  endsWell(at: number): boolean {
    return this.#next(at, this.#edges.length) === matched
  }

  #next(at: number, kind: number): number {
    if (at === loose) return this.#moveLoose(this.#loose, kind)
    const known = (this.#rows[at] as Row).next[kind] as number
    return known === unknown ? this.#move(this.#rows[at] as Row, kind) : known
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

  /** `loose` where the table is full. */
  #rowOf(from: readonly number[], before: Before): number {
    const key = `${before}:${from.join(',')}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    if (this.#rows.length >= this.#maxRows) {
      this.#loose = { from, before }
      return loose
    }
    const place = this.#rows.push({ from, before, next: new Int32Array(this.#edges.length + 1).fill(unknown) }) - 1
    this.#known.set(key, place)
    return place
  }

  #move(row: Row, kind: number): number {
    const next = this.#step(row, kind)
    const result = next === null ? matched : kind === this.#edges.length ? ended : this.#rowOf(next.sort((a, b) => a - b), this.#leaves[kind] as Before)
    if (result !== loose) row.next[kind] = result
    return result
  }

  #moveLoose(at: Pick<Row, 'from' | 'before'>, kind: number): number {
    const next = this.#step(at, kind)
    if (next === null) return matched
    if (kind === this.#edges.length) return ended
    this.#loose = { from: next, before: this.#leaves[kind] as Before }
    return loose
  }

  /** Where one more unit leads; null = the pattern has matched. */
  #step({ from, before }: Pick<Row, 'from' | 'before'>, kind: number): number[] | null {
    const after = this.#leaves[kind] ?? 0
    const turn = ++this.#turn
    const waiting = [...from, this.#steps.length - 1] // a match may begin anywhere
    const next: number[] = []
    for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
      if (this.#seen[place] === turn) continue
      this.#seen[place] = turn
      const step = this.#steps[place] as Step
      if (step.kind === 'match') return null
      if (step.kind === 'fork') waiting.push(step.to, step.or)
      else if (step.kind === 'assert') {
        if (holds(step.what, before, after)) waiting.push(step.to)
      } else if (this.#takes[place]?.[kind] === 1 && this.#added[step.to] !== turn) {
        this.#added[step.to] = turn
        next.push(step.to)
      }
    }
    return next
  }
}

/** Of a place between what stood before and what comes after; `after` 0 = nothing. */
function holds(what: Place, before: Before, after: Before): boolean {
  if (what === 'start') return before === 0
  if (what === 'end') return after === 0
  if (what === 'line-start') return before === 0 || before === 3
  if (what === 'line-end') return after === 0 || after === 3
  const isBoundary = (before === 1) !== (after === 1)
  return what === 'boundary' ? isBoundary : !isBoundary
}
