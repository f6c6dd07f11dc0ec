/** Nagios plugins (development guidelines, monitoring-plugins.org): exit status, first line, performance data, ranges. Pure. */
import type { CheckMetric } from '#contract/checks.ts'
import type { Said } from '../port.ts'
import { brief } from '../texts.ts'

export type PerfItem = { label: string; value: number | null; unit: string; warn: string; crit: string; min: string; max: string }

const maxItems = 100

/** `text | perfdata`; a second bar in the lines below opens more of it. */
export function readNagios(output: string, code: number | null): Said {
  const { text, perfdata } = splitOutput(output)
  const metrics: CheckMetric[] = parsePerfdata(perfdata).flatMap(({ label, value, unit }) => (value === null ? [] : [{ name: label, value, ...(unit === '' || unit === 'c' ? {} : { unit }), ...(unit === 'c' ? { counter: true } : {}) }]))
  const message = brief(text) || 'it said nothing'
  if (code === 0) return { status: 'ok', message, metrics }
  if (code === 1) return { status: 'warn', message, metrics }
  if (code === 2) return { status: 'err', message, metrics }
  return { status: 'err', message: code === 3 ? `unknown: ${message}` : `the plugin ended with ${code ?? 'a signal'}: ${message}`, metrics }
}

function splitOutput(output: string): { text: string; perfdata: string } {
  const [first = '', ...rest] = output.split(/\r?\n/)
  const below = rest.join('\n')
  const bar = first.indexOf('|')
  const second = below.indexOf('|')
  return { text: (bar < 0 ? first : first.slice(0, bar)).trim(), perfdata: `${bar < 0 ? '' : first.slice(bar + 1)} ${second < 0 ? '' : below.slice(second + 1)}` }
}

/** `'label'=value[UOM];[warn];[crit];[min];[max]`, separated by spaces. What is none is passed over; labels are bounded, so that no output takes long. */
export function parsePerfdata(text: string): PerfItem[] {
  const items: PerfItem[] = []
  for (const match of text.matchAll(/(?:'((?:[^']|''){0,200})'|([^\s'=]{1,200}))=(U|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)([a-zA-Z%]*)((?:;[^;\s]*){0,4})/g)) {
    const [, quoted, plain, value, unit = '', more = ''] = match
    const label = (quoted === undefined ? plain : quoted.replaceAll("''", "'"))?.slice(0, 100) ?? ''
    const [, warn = '', crit = '', min = '', max = ''] = more.split(';')
    if (label !== '' && items.length < maxItems) items.push({ label, value: value === 'U' ? null : Number(value), unit, warn, crit, min, max })
  }
  return items
}

export type Range = { from: number; to: number; inside: boolean }

/** `10`, `10:`, `~:10`, `10:20`, `@10:20`; undefined for what is none. */
export function parseRange(text: string): Range | undefined {
  const match = /^(@?)(?:(~|[-+]?\d+(?:\.\d+)?)?(:))?([-+]?\d+(?:\.\d+)?)?$/.exec(text.trim())
  if (!match || text.trim() === '' || text.trim() === '@') return undefined
  const [, at, start, colon, end] = match
  const from = start === '~' ? -Infinity : start === undefined ? 0 : Number(start)
  const to = end === undefined ? Infinity : Number(end)
  if (colon === undefined && end === undefined) return undefined
  return from > to ? undefined : { from, to, inside: at === '@' }
}

/** Whether the value is outside of the range, or inside of one that begins with `@`. */
export function alerts(value: number, { from, to, inside }: Range): boolean {
  const isWithin = value >= from && value <= to
  return inside ? isWithin : !isWithin
}
