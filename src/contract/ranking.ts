/**
 * How well a thing fits what was typed: the same answer for the server, the console and the command line. Pure.
 *
 * A thing fits when every word of the query is found in its title or its context (the names it stands under). What
 * counts is the worst of its words; the whole query as title, or as its beginning, comes before all of them.
 */
export const fits = ['exact', 'prefix', 'word-prefix', 'context', 'inside', 'fuzzy'] as const
export type Fit = (typeof fits)[number]

export type Rankable = {
  title: string
  /** Names that it is found by as well: app, environment, aliases. */
  context?: readonly string[]
  /** Of things that fit as well, those with a lower number come first: an app before an event about it. */
  order?: number
  /** What is sick comes before what is well. */
  sick?: boolean
  /** Milliseconds since 1970; newer comes first. */
  atMs?: number | null
}

export type Ranked<T> = { item: T; fit: Fit }

/** Those that fit, best first; of equals in fit those of lower order, then the sick, then the newer, then as they stood. Empty query: nothing. */
export function rank<T>(items: readonly T[], query: string, of: (item: T) => Rankable): Ranked<T>[] {
  const asked = fold(query.trim())
  const words = asked.split(/\s+/).filter((word) => word !== '')
  if (words.length === 0) return []
  const found: { item: T; place: number; thing: Rankable; nth: number }[] = []
  items.forEach((item, nth) => {
    const thing = of(item)
    const place = placeOf(asked, words, thing)
    if (place !== -1) found.push({ item, place, thing, nth })
  })
  found.sort((a, b) => a.place - b.place || (a.thing.order ?? 0) - (b.thing.order ?? 0) || Number(b.thing.sick ?? false) - Number(a.thing.sick ?? false) || (b.thing.atMs ?? 0) - (a.thing.atMs ?? 0) || a.nth - b.nth)
  return found.map(({ item, place }) => ({ item, fit: fits[place] as Fit }))
}

/** Place in `fits`, or -1. */
function placeOf(asked: string, words: readonly string[], { title, context = [] }: Rankable): number {
  const folded = fold(title)
  if (folded === asked) return 0
  if (folded.startsWith(asked)) return 1
  const around = context.map(fold)
  let worst = 2
  for (const word of words) {
    const place = wordPlace(word, folded, around)
    if (place === -1) return -1
    worst = Math.max(worst, place)
  }
  return worst
}

function wordPlace(word: string, title: string, context: readonly string[]): number {
  if (hasWord(title, word)) return 2
  if (context.some((one) => hasWord(one, word))) return 3
  if (title.includes(word) || context.some((one) => one.includes(word))) return 4
  return isFuzzy(title, word) ? 5 : -1
}

/** One of the words of `text` begins so. */
function hasWord(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at !== -1; at = text.indexOf(word, at + 1)) if (at === 0 || !isLetter(text.charCodeAt(at - 1))) return true
  return false
}

function isLetter(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x7a) || code > 0x7f
}

const leastFuzzy = 3

/** The letters stand in one word of `text` in this order, from its beginning, over at most twice their number: `chkt` is checkout. */
function isFuzzy(title: string, word: string): boolean {
  return word.length >= leastFuzzy && title.split(' ').some((text) => hasLetters(text, word))
}

function hasLetters(text: string, word: string): boolean {
  for (let start = text.indexOf(word[0] as string); start !== -1; start = text.indexOf(word[0] as string, start + 1)) {
    if (start > 0 && isLetter(text.charCodeAt(start - 1))) continue
    let at = start
    let n = 1
    for (; n < word.length; n++) {
      at = text.indexOf(word[n] as string, at + 1)
      if (at === -1 || at - start > 2 * word.length) break
    }
    if (n === word.length) return true
  }
  return false
}

function fold(text: string): string {
  return text.toLowerCase()
}
