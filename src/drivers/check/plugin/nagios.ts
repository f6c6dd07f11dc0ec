/** Nagios plugins (development guidelines, monitoring-plugins.org): exit status, first line, performance data. Pure. */
import type { CheckMetric } from '#contract/checks.ts'
import type { Said } from '../port.ts'
import { brief } from '../texts.ts'

export type PerfItem = { label: string; value: number | null; unit: string }

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

/** `'label'=value[UOM];[warn];[crit];[min];[max]`, separated by spaces. Its bounds are the plugin's own business, and what is none is passed over; labels are bounded, so that no output takes long. */
export function parsePerfdata(text: string): PerfItem[] {
  const items: PerfItem[] = []
  for (const match of text.matchAll(/(?:'((?:[^']|''){0,200})'|([^\s'=]{1,200}))=(U|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)([a-zA-Z%]*)(?:;[^;\s]*){0,4}/g)) {
    const [, quoted, plain, value, unit = ''] = match
    const label = (quoted === undefined ? plain : quoted.replaceAll("''", "'"))?.slice(0, 100) ?? ''
    if (label !== '' && items.length < maxItems) items.push({ label, value: value === 'U' ? null : Number(value), unit })
  }
  return items
}
