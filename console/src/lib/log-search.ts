/** What the console knows of the search language: words to mark in lines, completion, and adding a test to a search. Pure. */

const part = /(-?)(?:([.\w@-]+)(:(?:>=|<=|>|<)?|>=|<=|>|<))?("(?:[^"\\]|\\.)*"?|\/(?:[^/\\]|\\.)+\/i?(?=[\s)]|$)|[^\s()"]+)/g

/** Texts that a search looks for in the line, to be marked there; what is taken away or asked of fields is none. */
export function markedWords(search: string): string[] {
  const words: string[] = []
  for (const [, minus, field, , value = ''] of search.matchAll(part)) {
    if (minus !== '' || field !== undefined || /^(and|or)$/i.test(value) || value.startsWith('/')) continue
    words.push(...(value.startsWith('"') ? [value.replace(/^"|"$/g, '').replaceAll(/\\(["\\])/g, '$1')] : value.split('*')).filter((word) => word.length > 1))
  }
  return words
}

/** A text cut where words stand, which are marked. */
export function markedParts(text: string, words: readonly string[]): { text: string; marked: boolean }[] {
  const folded = text.toLowerCase()
  const parts: { text: string; marked: boolean }[] = []
  for (let at = 0; at < text.length; ) {
    let [next, length] = [-1, 0]
    for (const word of words) {
      const found = folded.indexOf(word.toLowerCase(), at)
      if (found !== -1 && (next === -1 || found < next || (found === next && word.length > length))) [next, length] = [found, word.length]
    }
    if (next === -1 || parts.length > 40) return [...parts, { text: text.slice(at), marked: false }]
    if (next > at) parts.push({ text: text.slice(at, next), marked: false })
    parts.push({ text: text.slice(next, next + length), marked: true })
    at = next + length
  }
  return parts
}

/** A value as it is written after `field:`. */
export function quoted(value: string): string {
  return value !== '' && /^[^\s()"*/<>=-][^\s()"*]*$/.test(value) ? value : `"${value.replaceAll(/(["\\])/g, '\\$1')}"`
}

/** A search and one more test; taken away where it stood the other way round. */
export function withTest(search: string | undefined, test: string, take: 'filter' | 'exclude'): string {
  const [added, other] = take === 'filter' ? [test, `-${test}`] : [`-${test}`, test]
  const before = (search ?? '').trim()
  const words = ` ${before} `
  if (words.includes(` ${added} `)) return before
  const kept = words.replace(` ${other} `, ' ').trim()
  const whole = / or /i.test(kept) && !/^\(.*\)$/.test(kept) ? `(${kept})` : kept
  return `${whole} ${added}`.trim()
}

/** What lines of a pattern have in common, as a search: its longest pieces without placeholders. */
export function searchOfPattern(pattern: string): string {
  const pieces = pattern
    .split(/<(?:n|id|ip|time|text|\*)>/)
    .map((piece) => piece.trim())
    .filter((piece) => /\w{2}/.test(piece))
  const longest = [...pieces].sort((a, b) => b.length - a.length).slice(0, 3)
  return pieces.filter((piece) => longest.includes(piece)).map((piece) => `"${piece.replaceAll(/(["\\])/g, '\\$1')}"`).join(' ')
}

/** Names of fields and, for each, the values that were seen, the most frequent first. */
export type Known = ReadonlyMap<string, readonly string[]>
export type Completion = { /** What is replaced, in the text. */ from: number; to: number; options: { insert: string; about: string }[] }

const most = 8
const levelNames = ['debug', 'info', 'warn', 'error']
const streamNames = ['stdout', 'stderr', 'release', 'run', 'access', 'system', 'build']

/** What may stand where the caret is. */
export function complete(text: string, caret: number, known: Known): Completion | null {
  const word = /(?:^|[\s(])-?([^\s()"]*)$/.exec(text.slice(0, caret))?.[1]
  if (word === undefined || word === '') return null
  const field = /^([.\w@-]+)(:(?:>=|<=|>|<)?|>=|<=|>|<)(.*)$/.exec(word)
  const options = field === null ? names(word, known) : values(field[1] as string, field[3] as string, known)
  const from = caret - (field === null ? word.length : (field[3] as string).length)
  return options.length === 0 ? null : { from, to: caret, options: options.slice(0, most) }
}

function names(word: string, known: Known): Completion['options'] {
  const begins = (name: string) => name.toLowerCase().startsWith(word.toLowerCase()) && name.toLowerCase() !== word.toLowerCase()
  const own: [string, string][] = [
    ['level>=', 'this level and worse'], ['level:', 'exactly this level'], ['app:', 'app'], ['service:', 'service'], ['instance:', 'instance'], ['release:', 'v12, or >=12'],
    ['stream:', 'stdout, access, …'], ['machine:', 'machine'], ['trace:', 'trace id'], ['message:', 'what a JSON line says'],
  ]
  const labels = new Set(own.map(([name]) => name))
  return [...own, ...[...known.keys()].filter((name) => !labels.has(`${name}:`)).map((name): [string, string] => [`${name}:`, 'field'])].filter(([name]) => begins(name)).map(([insert, about]) => ({ insert, about }))
}

function values(name: string, begun: string, known: Known): Completion['options'] {
  const lower = name.toLowerCase()
  const all = lower === 'level' ? levelNames : lower === 'stream' ? streamNames : (known.get(name) ?? known.get(lower) ?? [])
  return all.filter((value) => value.toLowerCase().startsWith(begun.toLowerCase()) && value !== begun).map((value) => ({ insert: `${quoted(value)} `, about: '' }))
}
