/**
 * The patterns that searches and checks take: those of JavaScript that can be matched in linear time, without
 * backreferences and lookaround. Parsed into a tree of sets of UTF-16 units, for `regex.ts`.
 */

/** Ranges, both ends included, in order and apart. */
export type CharSet = readonly (readonly [number, number])[]

export type Node =
  | { kind: 'set'; set: CharSet }
  | { kind: 'sequence'; of: readonly Node[] }
  | { kind: 'choice'; of: readonly Node[] }
  | { kind: 'repeat'; of: Node; min: number; /** null = any number */ max: number | null }
  | { kind: 'assert'; what: Place }

/** `line-start` and `line-end`: what ^ and $ mean where they look at each line. */
export type Place = 'start' | 'end' | 'line-start' | 'line-end' | 'boundary' | 'inside'
export type Flags = { /** ^ and $ look at each line of the text. */ multiline?: boolean; /** . is a line's end too. */ dotAll?: boolean }

export type Fault = (at: number, message: string, wayOut: string) => Error

const last = 0xffff
const maxCount = 100
const maxDepth = 40

export const wordSet: CharSet = [[48, 57], [65, 90], [95, 95], [97, 122]]
export const lineEndSet: CharSet = [[10, 10], [13, 13], [0x2028, 0x2029]]
const digitSet: CharSet = [[48, 57]]
/** ECMAScript's white space. */
const spaceSet: CharSet = [[9, 13], [32, 32], [160, 160], [0x1680, 0x1680], [0x2000, 0x200a], [0x2028, 0x2029], [0x202f, 0x202f], [0x205f, 0x205f], [0x3000, 0x3000], [0xfeff, 0xfeff]]
const classes: Record<string, CharSet> = { d: digitSet, w: wordSet, s: spaceSet, D: negate(digitSet), W: negate(wordSet), S: negate(spaceSet) }
const controls: Record<string, number> = { n: 10, r: 13, t: 9, f: 12, v: 11, 0: 0 }

export function parseRegex(source: string, fault: Fault, flags: Flags = {}): Node {
  return new Parser(source, fault, flags).whole()
}

export function setHas(set: CharSet, unit: number): boolean {
  return set.some(([from, to]) => from <= unit && unit <= to)
}

export function union(ranges: CharSet): CharSet {
  const merged: [number, number][] = []
  for (const [from, to] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const before = merged.at(-1)
    if (before && from <= before[1] + 1) before[1] = Math.max(before[1], to)
    else merged.push([from, to])
  }
  return merged
}

export function negate(set: CharSet): CharSet {
  const rest: [number, number][] = []
  let at = 0
  for (const [from, to] of union(set)) {
    if (from > at) rest.push([at, from - 1])
    at = to + 1
  }
  if (at <= last) rest.push([at, last])
  return rest
}

class Parser {
  readonly #source: string
  readonly #fault: Fault
  readonly #flags: Flags
  #at = 0
  #depth = 0
  constructor(source: string, fault: Fault, flags: Flags) {
    this.#source = source
    this.#fault = fault
    this.#flags = flags
  }

  whole(): Node {
    const node = this.#choice()
    if (this.#at < this.#source.length) throw this.#fault(this.#at, '")" closes no group of the pattern', 'write \\) for the character itself')
    return node
  }

  #peek(): string | undefined {
    return this.#source[this.#at]
  }

  #choice(): Node {
    if (++this.#depth > maxDepth) throw this.#fault(this.#at, `the pattern is nested deeper than ${maxDepth}`, 'use fewer groups')
    const sides = [this.#sequence()]
    while (this.#peek() === '|') {
      this.#at++
      sides.push(this.#sequence())
    }
    this.#depth--
    return sides.length === 1 ? (sides[0] as Node) : { kind: 'choice', of: sides }
  }

  #sequence(): Node {
    const parts: Node[] = []
    for (let next = this.#peek(); next !== undefined && next !== '|' && next !== ')'; next = this.#peek()) parts.push(this.#repeated(this.#atom()))
    return parts.length === 1 ? (parts[0] as Node) : { kind: 'sequence', of: parts }
  }

  #repeated(atom: Node): Node {
    const at = this.#at
    const counted = /[*+?]|\{(\d{1,4})(,?)(\d{0,4})\}/y
    counted.lastIndex = at
    const mark = counted.exec(this.#source)
    if (mark === null) return atom
    if (atom.kind === 'assert') throw this.#fault(at, 'a place in the line cannot be repeated', 'take the repetition away')
    this.#at += mark[0].length
    if (this.#peek() === '?') this.#at++ // lazy or greedy: whether it matches is the same
    const [min, max] = mark[0] === '*' ? [0, null] : mark[0] === '+' ? [1, null] : mark[0] === '?' ? [0, 1] : [Number(mark[1]), mark[2] === '' ? Number(mark[1]) : mark[3] === '' ? null : Number(mark[3])]
    if (min > maxCount || (max ?? 0) > maxCount) throw this.#fault(at, `${mark[0]} counts beyond ${maxCount}`, 'use * or +')
    if (max !== null && max < min) throw this.#fault(at, `${mark[0]} ends before it begins`, `write {${max},${min}}`)
    if (/[*+?]/.test(this.#peek() ?? '')) throw this.#fault(this.#at, `"${this.#peek()}" repeats a repetition`, 'put the first one in a group: (?:a+)*')
    return { kind: 'repeat', of: atom, min, max }
  }

  #atom(): Node {
    const at = this.#at++
    const character = this.#source[at] as string
    if (character === '(') return this.#group(at)
    if (character === '[') return { kind: 'set', set: this.#class(at) }
    if (character === '.') return { kind: 'set', set: negate(this.#flags.dotAll ? [] : lineEndSet) }
    if (character === '^') return { kind: 'assert', what: this.#flags.multiline ? 'line-start' : 'start' }
    if (character === '$') return { kind: 'assert', what: this.#flags.multiline ? 'line-end' : 'end' }
    if (character === '*' || character === '+' || character === '?') throw this.#fault(at, `"${character}" repeats nothing`, `write \\${character} for the character itself`)
    if (character === '\\') {
      const next = this.#peek()
      if (next === 'b' || next === 'B') {
        this.#at++
        return { kind: 'assert', what: next === 'b' ? 'boundary' : 'inside' }
      }
      return { kind: 'set', set: this.#escape(at) }
    }
    return { kind: 'set', set: [[character.charCodeAt(0), character.charCodeAt(0)]] }
  }

  #group(at: number): Node {
    const special = /^\?(:|<[A-Za-z]\w*>)/.exec(this.#source.slice(this.#at, this.#at + 40))
    if (special) this.#at += special[0].length
    else if (this.#peek() === '?') throw this.#unsupported(at)
    const inner = this.#choice()
    if (this.#peek() !== ')') throw this.#fault(at, 'a group of the pattern is never closed', 'add ")", or write \\( for the character itself')
    this.#at++
    return inner
  }

  #unsupported(at: number): Error {
    const mark = /^\(\?(?:<?[=!]|[a-z-]*)/i.exec(this.#source.slice(at, at + 12))?.[0] ?? '(?'
    if (/[=!]$/.test(mark)) return this.#fault(at, `${mark} looks ${mark.includes('<') ? 'behind' : 'ahead'}, which is not supported`, 'test what must not be there on its own: -/…/ in a search, absent in a check')
    return this.#fault(at, `${mark} is no group that is supported`, 'write (…), (?:…) or (?<name>…), and flags after the last slash: /…/i')
  }

  #escape(at: number): CharSet {
    const character = this.#source[this.#at++]
    if (character === undefined) throw this.#fault(at, 'the pattern ends in a backslash', 'write \\\\ for the character itself')
    const known = classes[character]
    if (known) return known
    const control = controls[character]
    if (control !== undefined) return [[control, control]]
    if (/[1-9k]/.test(character)) throw this.#fault(at, `\\${character} refers back, which is not supported`, 'write out what it stands for')
    if (/[pP]/.test(character) && this.#peek() === '{') throw this.#fault(at, `\\${character}{} asks for a property of Unicode, which is not supported`, 'write the characters in [], such as [A-Za-z]')
    if (character === 'u' && this.#peek() === '{') throw this.#fault(at, '\\u{} is not supported', 'write the character itself, or \\u and four digits')
    const hex = /^(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4}))/.exec(this.#source.slice(this.#at - 1, this.#at + 4))
    if (hex) {
      this.#at += hex[0].length - 1
      const unit = Number.parseInt((hex[1] ?? hex[2]) as string, 16)
      return [[unit, unit]]
    }
    if (/[A-Za-z]/.test(character)) throw this.#fault(at, `\\${character} means nothing here`, `write ${character} alone`)
    return [[character.charCodeAt(0), character.charCodeAt(0)]]
  }

  #class(at: number): CharSet {
    const negated = this.#peek() === '^'
    if (negated) this.#at++
    const ranges: (readonly [number, number])[] = []
    while (this.#peek() !== ']') {
      if (this.#at >= this.#source.length) throw this.#fault(at, '"[" is never closed', 'add "]", or write \\[ for the character itself')
      const from = this.#member()
      if (this.#peek() === '-' && this.#source[this.#at + 1] !== ']' && this.#at + 1 < this.#source.length) {
        this.#at++
        const to = this.#member()
        const [low, high] = [from[0]?.[0] ?? 0, to[0]?.[1] ?? 0]
        if (from.length !== 1 || to.length !== 1 || low > high) throw this.#fault(at, 'a range in [] runs backwards, or from a class', 'write it from the lower to the higher character')
        ranges.push([low, high])
      } else ranges.push(...from)
    }
    this.#at++
    return negated ? negate(ranges) : union(ranges)
  }

  #member(): CharSet {
    const at = this.#at++
    const character = this.#source[at] as string
    if (character !== '\\') return [[character.charCodeAt(0), character.charCodeAt(0)]]
    if (this.#peek() === 'b') {
      this.#at++
      return [[8, 8]]
    }
    return this.#escape(at)
  }
}
