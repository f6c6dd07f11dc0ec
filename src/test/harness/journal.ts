/** Real files of systemd's journal, made from its export format by Debian's `systemd-journal-remote`, so that no systemd has to run. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'

const program = '/lib/systemd/systemd-journal-remote'
/** Why no journal can be made and read here; undefined if it can. */
export const whyNoJournal = existsSync(program) && spawnSync('journalctl', ['--version']).status === 0 ? undefined : 'systemd-journal-remote is not installed (Debian: systemd-journal-remote): the journal is not tried on real files'

export type Written = { message: string | Buffer; /** ISO, default now. */ at?: string; /** 32 hex digits. */ boot?: string; fields?: Record<string, string> }

let monotonic = 1_000_000

/** Appends entries to a journal file, which is made if it is not there. */
export async function writeJournal(file: string, entries: readonly Written[]): Promise<void> {
  const child = spawn(program, ['--output', file, '-'], { stdio: ['pipe', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (data) => (said += String(data)))
  child.stdin.end(Buffer.concat(entries.map(exported)))
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`systemd-journal-remote ended with ${code}: ${said}`)
}

/** Journal export format, https://systemd.io/JOURNAL_EXPORT_FORMATS: what may hold line feeds is given with its length. */
function exported({ message, at = new Date().toISOString(), boot = 'a'.repeat(32), fields = {} }: Written): Buffer {
  const bytes = Buffer.from(message)
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(bytes.length))
  const plain = { __REALTIME_TIMESTAMP: String(Date.parse(at) * 1000 + (monotonic % 1000)), __MONOTONIC_TIMESTAMP: String(monotonic++), _BOOT_ID: boot, _MACHINE_ID: 'c'.repeat(32), PRIORITY: '6', ...fields }
  return Buffer.concat([Buffer.from(Object.entries(plain).map(([name, value]) => `${name}=${value}\n`).join('')), Buffer.from('MESSAGE\n'), length, bytes, Buffer.from('\n\n')])
}
