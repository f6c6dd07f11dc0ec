import type { Said } from './port.ts'

/** `warn` and `err` are days before the end. Pure. */
export function expiry(what: string, ends: Date, now: Date, { warn, err }: { warn: number; err: number }): Said {
  const days = Math.floor((ends.getTime() - now.getTime()) / 86_400_000)
  const metrics = [{ name: 'days', value: days, unit: 'd' }]
  const on = ends.toISOString().slice(0, 10)
  if (days < 0) return { status: 'err', message: `${what} ended on ${on}`, metrics }
  const message = `${what} ends in ${days} ${days === 1 ? 'day' : 'days'}, on ${on}`
  return { status: days <= err ? 'err' : days <= warn ? 'warn' : 'ok', message, metrics }
}
