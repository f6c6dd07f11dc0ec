/** An entry of systemd's journal, as `journalctl -o json` prints it: systemd.journal-fields(7). Pure. */
import type { LogEntry } from '#contract/wire.ts'

/** `micros` since 1970. */
export type JournalEntry = { entry: LogEntry; cursor: string; micros: number }

/** Asked for by name: a core dump has a field that is the whole dump. */
export const entryFields = ['MESSAGE', 'PRIORITY', 'SYSLOG_IDENTIFIER', '_COMM', '_SYSTEMD_UNIT', '_PID'] as const

const levels = ['error', 'error', 'error', 'error', 'warn', 'info', 'info', 'debug']
const maxMessage = 30_000

/** null: not an entry. */
export function journalEntry(text: string): JournalEntry | null {
  let fields: Record<string, unknown>
  try {
    fields = JSON.parse(text) as Record<string, unknown>
  } catch {
    return null
  }
  const field = (name: string) => textOf(fields[name])
  const cursor = field('__CURSOR')
  if (cursor === undefined) return null
  const level = levels[Number(field('PRIORITY') ?? 6)] ?? 'info'
  const given = { program: field('SYSLOG_IDENTIFIER') ?? field('_COMM'), unit: field('_SYSTEMD_UNIT'), pid: field('_PID') }
  const said = Number(field('__REALTIME_TIMESTAMP') ?? Number.NaN)
  const micros = Number.isFinite(said) ? said : Date.now() * 1000
  const msg = (field('MESSAGE') ?? '').slice(0, maxMessage).toWellFormed()
  return { cursor, micros, entry: { at: new Date(micros / 1000).toISOString(), stream: 'system', text: JSON.stringify({ level, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)), msg }) } }
}

/** What is no UTF-8 comes as a list of bytes; a field that an entry has several times as a list of its values, of which the first counts. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (!Array.isArray(value)) return undefined
  return value.every((one) => typeof one === 'number') ? Buffer.from(value as number[]).toString('utf8') : textOf(value[0])
}
