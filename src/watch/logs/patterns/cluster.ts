/**
 * Lines that say the same, grouped while they go by (after Drain, He et al. 2017): a line is compared with the patterns of
 * as many words that begin alike; what differs in a pattern's lines becomes `<*>`. Linear in the lines, and bounded: a
 * line meets `maxCandidates` patterns at most, and there are `maxClusters` at most. Pure.
 */
import { masked } from './mask.ts'

export type Cluster = { words: string[] }

const maxClusters = 1000
const maxCandidates = 32
const maxWords = 60
const maxKnown = 5000
/** Of the words of a pattern, how many must be the same. */
const alike = 0.7
const anything = '<*>'

export class Clusters<T extends Cluster> {
  readonly #byStart = new Map<string, T[]>()
  /** Masked texts seen before: most lines are one of few. */
  readonly #known = new Map<string, T>()
  readonly #make: (words: string[]) => T
  readonly all: T[] = []
  /** Lines that found no place any more. */
  left = 0

  constructor(make: (words: string[]) => T) {
    this.#make = make
  }

  /** The pattern that a text belongs to; undefined once there are too many. */
  of(text: string): T | undefined {
    const mask = masked(text)
    const known = this.#known.get(mask)
    if (known) return known
    const cluster = this.#find(mask.split(/\s+/).filter((word) => word !== '').slice(0, maxWords))
    if (cluster === undefined) this.left++
    else if (this.#known.size < maxKnown) this.#known.set(mask, cluster)
    return cluster
  }

  #find(words: string[]): T | undefined {
    const start = `${words.length} ${words[0] ?? ''}`
    const candidates = this.#byStart.get(start) ?? []
    let best: T | undefined
    let most = 0
    for (const candidate of candidates) {
      let same = 0
      for (let at = 0; at < words.length; at++) if (candidate.words[at] === words[at]) same++
      if (same > most) [best, most] = [candidate, same]
    }
    if (best !== undefined && (most >= words.length * alike || candidates.length >= maxCandidates)) {
      for (let at = 0; at < words.length; at++) if (best.words[at] !== words[at]) best.words[at] = anything
      return best
    }
    if (this.all.length >= maxClusters || (best === undefined && candidates.length >= maxCandidates)) return undefined
    const made = this.#make(words)
    this.all.push(made)
    if (candidates.length === 0) this.#byStart.set(start, candidates)
    candidates.push(made)
    return made
  }
}
