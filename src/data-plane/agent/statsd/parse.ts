/**
 * StatsD's lines with DogStatsD's tags: `name:value|type|@rate|#key:value,…`, several values a line (`name:1:2|ms`), several lines a
 * datagram. Events and service checks are no metrics and are refused like anything else that is not of this grammar. Pure, total.
 */
export const statsdTypes = ['c', 'g', 'ms', 'h', 'd', 's'] as const
export type StatsdType = (typeof statsdTypes)[number]

/** `values`: numbers, except of a set. `relative`: a gauge is moved by it. `weight`: for how many each value stands (1/rate). */
export type StatsdMetric = { name: string; type: StatsdType; values: { text: string; number: number; relative: boolean }[]; weight: number; tags: Record<string, string> }

export const statsdBounds = { datagramBytes: 8192, linesPerDatagram: 200, valuesPerLine: 100, tags: 20, nameChars: 150, tagChars: 200, setChars: 100, leastRate: 1e-6 } as const

const number = /^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?$/
const name = /^[a-zA-Z_][a-zA-Z0-9_.\-/ ]*$/

export function parseDatagram(bytes: Buffer): { metrics: StatsdMetric[]; bad: number } {
  const lines = bytes.toString('utf8').split('\n').map((line) => line.replace(/\r$/, '')).filter((line) => line !== '')
  const metrics = lines.slice(0, statsdBounds.linesPerDatagram).flatMap((line) => parseLine(line) ?? [])
  return { metrics, bad: lines.length - metrics.length }
}

/** Null for what is no such line, or beyond a bound. */
export function parseLine(line: string): StatsdMetric | null {
  const [head = '', type = '', ...extras] = line.split('|')
  const colon = head.indexOf(':')
  const called = head.slice(0, colon)
  if (colon < 1 || called.length > statsdBounds.nameChars || !name.test(called) || !isType(type)) return null
  const values = valuesOf(head.slice(colon + 1), type)
  const more = extrasOf(extras)
  if (values === null || more === null || (more.rate !== 1 && (type === 'g' || type === 's'))) return null
  return { name: called, type, values, weight: 1 / more.rate, tags: more.tags }
}

const isType = (text: string): text is StatsdType => (statsdTypes as readonly string[]).includes(text)

function valuesOf(text: string, type: StatsdType): StatsdMetric['values'] | null {
  if (type === 's') return text === '' || text.length > statsdBounds.setChars ? null : [{ text, number: 0, relative: false }]
  const texts = text.split(':')
  if (texts.length > statsdBounds.valuesPerLine) return null
  const values = texts.map((one) => ({ text: one, number: number.test(one) ? Number(one) : NaN, relative: type === 'g' && /^[+-]/.test(one) }))
  return values.every((one) => Number.isFinite(one.number)) ? values : null
}

/** The rate, the tags; a container's id (`c:`) and a time (`T`) say nothing that is not known here, and are passed over. */
function extrasOf(extras: readonly string[]): { rate: number; tags: Record<string, string> } | null {
  let rate = 1
  let tags: Record<string, string> = {}
  for (const extra of extras) {
    if (extra.startsWith('@')) {
      rate = number.test(extra.slice(1)) ? Number(extra.slice(1)) : NaN
      if (!(rate >= statsdBounds.leastRate && rate <= 1)) return null
    } else if (extra.startsWith('#')) {
      const read = tagsOf(extra.slice(1))
      if (read === null) return null
      tags = read
    } else if (!/^(?:c:|T\d|e:|card:)/.test(extra)) return null
  }
  return { rate, tags }
}

/** `key:value`; a word alone is `word:true`. Of two of one name the later is taken. */
function tagsOf(text: string): Record<string, string> | null {
  const words = text.split(',').filter((word) => word !== '')
  if (words.length > statsdBounds.tags || words.some((word) => word.length > statsdBounds.tagChars || word.startsWith(':'))) return null
  return Object.fromEntries(words.map((word) => {
    const colon = word.indexOf(':')
    return colon < 0 ? [labelOf(word), 'true'] : [labelOf(word.slice(0, colon)), word.slice(colon + 1)]
  }))
}

/** `le` tells the bucket of a histogram, and is not for the sender to say. */
function labelOf(text: string): string {
  const plain = text.replaceAll(/[^a-zA-Z0-9_]+/g, '_').replace(/^(?=\d)/, '_').slice(0, 80)
  return plain === 'le' ? 'exported_le' : plain
}
