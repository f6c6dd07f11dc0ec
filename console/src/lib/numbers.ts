/** Numbers for a person: with units, few digits, and the same width for the same size. */
export { formatDuration, formatSize } from '#base/units.ts'

const minus = '\u2212'

export function formatRate(perSecond: number): string {
  return `${formatCount(perSecond)} req/s`
}

/** 0.42 · 6.1 · 212 · 4.8 k · 1.2 M */
export function formatCount(value: number): string {
  if (value === 0) return '0'
  if (value < 1) return value.toFixed(2)
  if (value < 10) return value.toFixed(1)
  if (value < 1000) return String(Math.round(value))
  if (value < 1_000_000) return `${(value / 1000).toFixed(value < 10_000 ? 1 : 0)} k`
  return `${(value / 1_000_000).toFixed(1)} M`
}

/** A share 0..1: `0 %`, `0.04 %`, `3.1 %`, `100 %`. */
export function formatShare(share: number): string {
  const percent = share * 100
  if (percent === 0) return '0 %'
  if (percent < 0.01) return '< 0.01 %'
  return `${percent < 1 ? percent.toFixed(2) : percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`
}

export function formatLatency(ms: number | null): string {
  if (ms === null) return '–'
  return ms < 10 ? `${ms.toFixed(1)} ms` : ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}

/** Cores in use: `0.08 cores`. */
export function formatCpu(cpu: number | null): string {
  return cpu === null ? '–' : `${cpu.toFixed(2)} cores`
}

/** `+4 %`, `−12 %`, `as before`; null when there is nothing to compare with. */
export function formatChange(now: number, before: number): string | null {
  if (before === 0) return null
  const percent = Math.round(((now - before) / before) * 100)
  if (percent === 0) return 'as before'
  if (percent > 999) return 'tenfold and more'
  return percent > 0 ? `+${percent} %` : `${minus}${-percent} %`
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}
