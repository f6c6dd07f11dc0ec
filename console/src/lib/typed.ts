/** Numbers and times as people type them into a form, and back. Pure. */
import type { MetricUnit } from '#contract/metric-words.ts'

const scales: Readonly<Record<string, number>> = { '%': 0.01, B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3, TB: 1024 ** 4, ms: 0.001, s: 1, min: 60, m: 60, h: 3600, d: 86_400, k: 1000, M: 1e6 }

/** `5%` → 0.05, `500MB` → bytes, `250ms` → seconds, `12 k` → 12 000; null: it is no number. */
export function numberOf(text: string): number | null {
  const [, digits, unit = ''] = /^\s*([-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?)\s*([A-Za-z%]*)\s*$/.exec(text) ?? []
  const scale = unit === '' ? 1 : scales[unit]
  if (digits === undefined || scale === undefined) return null
  // a hundredth of 5.1 is not 0.051 in floating point
  return unit === '%' ? Number(digits) / 100 : Number(digits) * scale
}

const written: Record<MetricUnit, readonly string[]> = { share: ['%'], bytes: ['TB', 'GB', 'MB', 'KB'], seconds: ['d', 'h', 'min', 's', 'ms'], cores: [], count: [] }

/** As somebody would type it: with the greatest unit in which it has few digits, and always so that it reads back as the same. */
export function numberText(value: number, unit: MetricUnit): string {
  const fits = written[unit].map((name) => `${Number((value / (scales[name] as number)).toPrecision(12))}${name}`).find((text) => numberOf(text) === value && /^-?([1-9]\d{0,3}(\.\d{1,2})?[A-Za-z%]|0\.\d{1,2}%)/.test(text))
  return value === 0 ? '0' : (fits ?? String(value))
}

const spans = [['d', 86_400_000], ['h', 3_600_000], ['m', 60_000], ['s', 1000], ['ms', 1]] as const

/** `90m` → milliseconds; empty: none at all; null: it is no time. */
export function spanOf(text: string): number | null {
  if (text.trim() === '') return 0
  const [, digits, unit] = /^\s*(\d+(?:\.\d+)?)\s*(ms|s|m|min|h|d)\s*$/.exec(text) ?? []
  const scale = spans.find(([name]) => name === (unit === 'min' ? 'm' : unit))?.[1]
  return digits === undefined || scale === undefined ? null : Math.round(Number(digits) * scale)
}

/** The greatest unit of which it is a whole number; nothing for none. */
export function spanText(ms: number): string {
  if (ms === 0) return ''
  const [name, scale] = spans.find(([, each]) => ms % each === 0) ?? ['ms', 1]
  return `${ms / scale}${name}`
}

/** `app, service` → its parts. */
export const listOf = (text: string): string[] => text.split(',').map((part) => part.trim()).filter((part) => part !== '')

/** `Checkout, slow ones` → `checkout-slow-ones`; with a number where it is taken. */
export function idOf(title: string, taken: readonly string[], otherwise: string): string {
  const plain = title.toLowerCase().normalize('NFKD').replaceAll(/\p{M}/gu, '').replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^[^a-z]+|-+$/g, '').slice(0, 50).replace(/-+$/, '') || otherwise
  const used = new Set(taken)
  return Array.from({ length: used.size + 1 }, (_, nth) => (nth === 0 ? plain : `${plain}-${nth + 1}`)).find((id) => !used.has(id)) as string
}
