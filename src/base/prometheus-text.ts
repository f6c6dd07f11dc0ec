/**
 * The text format of Prometheus, 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/), read line by line: a line that is
 * none is counted and passed over, so that one bad line does not cost the others. Pure.
 */
export type PrometheusType = 'counter' | 'gauge' | 'histogram' | 'summary' | 'untyped'
export type PrometheusSample = { name: string; labels: Record<string, string>; value: number; /** since 1970; null: of now */ atMs: number | null; type: PrometheusType }

const name = /^[a-zA-Z_:][a-zA-Z0-9_:]*/
const labelStart = /^[ \t]*([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*"/
const types: ReadonlySet<string> = new Set(['counter', 'gauge', 'histogram', 'summary', 'untyped'])

/** At most `most` samples; `bad`: lines that could not be read; `beyond`: samples left out. */
export function parsePrometheusText(text: string, most: number): { samples: PrometheusSample[]; bad: number; beyond: number } {
  const typeOf = new Map<string, PrometheusType>()
  const samples: PrometheusSample[] = []
  let bad = 0
  let beyond = 0
  for (const line of text.split('\n')) {
    const trimmed = line.trim()
    if (trimmed === '') continue
    if (trimmed.startsWith('#')) {
      const [, family, type] = /^#[ \t]+TYPE[ \t]+(\S+)[ \t]+(\S+)/.exec(trimmed) ?? []
      if (family !== undefined && type !== undefined && types.has(type)) typeOf.set(family, type as PrometheusType)
      continue
    }
    const sample = sampleOf(trimmed)
    if (sample === null) bad++
    else if (samples.length >= most) beyond++
    else samples.push({ ...sample, type: typeIn(typeOf, sample.name) })
  }
  return { samples, bad, beyond }
}

/** A histogram's and a summary's series are named after their family, with a suffix. */
function typeIn(typeOf: ReadonlyMap<string, PrometheusType>, series: string): PrometheusType {
  const family = typeOf.get(series) ?? typeOf.get(series.replace(/_(bucket|count|sum|total)$/, ''))
  return family ?? 'untyped'
}

function sampleOf(line: string): Omit<PrometheusSample, 'type'> | null {
  const [metric] = name.exec(line) ?? []
  if (metric === undefined) return null
  let rest = line.slice(metric.length).trimStart()
  let labels: Record<string, string> = {}
  if (rest.startsWith('{')) {
    const read = labelsOf(rest.slice(1))
    if (read === null) return null
    labels = read.labels
    rest = read.rest
  }
  const [value, time, more] = rest.trim().split(/[ \t]+/)
  const number = numberOf(value ?? '')
  if (number === null || more !== undefined || (time !== undefined && !/^-?\d{1,16}$/.test(time))) return null
  return { name: metric, labels, value: number, atMs: time === undefined ? null : Number(time) }
}

function labelsOf(text: string): { labels: Record<string, string>; rest: string } | null {
  const labels: [string, string][] = []
  for (let rest = text; ; ) {
    const end = /^[ \t]*,?[ \t]*\}/.exec(rest)
    if (end) return { labels: Object.fromEntries(labels), rest: rest.slice(end[0].length) }
    if (labels.length > 0) {
      const comma = /^[ \t]*,/.exec(rest)
      if (!comma) return null
      rest = rest.slice(comma[0].length)
    }
    const [opening, label] = labelStart.exec(rest) ?? []
    if (opening === undefined || label === undefined) return null
    const value = quoted(rest.slice(opening.length))
    if (value === null) return null
    labels.push([label, value.text])
    rest = value.rest
  }
}

/** Up to the closing quote, with \\, \" and \n undone. */
function quoted(text: string): { text: string; rest: string } | null {
  let out = ''
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string
    if (char === '"') return { text: out, rest: text.slice(at + 1) }
    if (char !== '\\') {
      out += char
      continue
    }
    const next = text[++at]
    if (next === undefined) return null
    out += next === 'n' ? '\n' : next === '\\' || next === '"' ? next : `\\${next}`
  }
  return null
}

/** As Go reads a float; what JavaScript reads beyond that (a 0x of its own, an empty text) is none. */
function numberOf(text: string): number | null {
  if (/^[+-]?inf(inity)?$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  if (/^nan$/i.test(text)) return Number.NaN
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : null
}

/** A label's value as it stands between quotes. */
export function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')
}

export function formatValue(value: number): string {
  return value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : String(value)
}
