import { AppError } from './errors.ts'

const durationUnits = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const sizeUnits = { B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3, TB: 1024 ** 4 } as const

/** `500ms 30s 5m 2h 7d` → milliseconds. Throws `invalid`. */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text)
  if (!match) throw new AppError('invalid', `"${text}" is not a duration (write 500ms, 30s, 5m, 2h or 7d)`)
  return Math.round(Number(match[1]) * durationUnits[match[2] as keyof typeof durationUnits])
}

/** `256MB 2GB` → bytes (binary multiples). Throws `invalid`. */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s?(B|KB|MB|GB|TB)$/.exec(text)
  if (!match) throw new AppError('invalid', `"${text}" is not a size (write 64KB, 256MB or 2GB)`)
  return Math.round(Number(match[1]) * sizeUnits[match[2] as keyof typeof sizeUnits])
}

/** `25%` → 25. Throws `invalid`. */
export function parsePercent(text: string): number {
  const match = /^(\d{1,3})%$/.exec(text)
  if (!match || Number(match[1]) > 100) throw new AppError('invalid', `"${text}" is not a percentage (write 5%, 25% or 100%)`)
  return Number(match[1])
}

/** Milliseconds for a person: `340 ms`, `4.2 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`
  const parts: [number, string][] = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
    [1000, 's'],
  ]
  const first = parts.findIndex(([unit]) => ms >= unit)
  const [unit, name] = parts[first] as [number, string]
  const whole = Math.floor(ms / unit)
  const next = parts[first + 1]
  const rest = next ? Math.floor((ms - whole * unit) / next[0]) : 0
  return next && rest > 0 ? `${whole} ${name} ${rest} ${next[1]}` : `${whole} ${name}`
}

/** Bytes for a person: `512 B`, `1.4 MB`, `2.0 GB`. */
export function formatSize(bytes: number): string {
  const names = ['B', 'KB', 'MB', 'GB', 'TB']
  let value = bytes
  let index = 0
  while (value >= 1024 && index < names.length - 1) {
    value /= 1024
    index++
  }
  return index === 0 ? `${value} B` : `${value.toFixed(1)} ${names[index]}`
}
