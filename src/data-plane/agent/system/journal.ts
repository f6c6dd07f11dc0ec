/**
 * systemd's journal, by `journalctl -o json -f`: what is new since the agent first looked, then on from a cursor. A batch and the cursor after it
 * are on disk before it is sent, so that after a kill the very same one is sent again.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { backoffMs } from '#base/backoff.ts'
import { sleep } from '#base/clock.ts'
import { messageOf } from '#base/errors.ts'
import { systemApp, systemEnvironment } from '#contract/system-logs.ts'
import type { LogBatch, LogEntry } from '#contract/wire.ts'
import type { ControlClient } from '../../control-client.ts'
import { readJson, replaceFile } from '../../durable-file.ts'
import type { Log } from '../log.ts'
import { sendBatch } from '../shipping/send-batch.ts'

type Position = { source: string; cursor: string | null; position: number; pending: { batch: LogBatch; cursor: string } | null }
type Options = { home: string; machine: string; control: Pick<ControlClient, 'post'>; log: Log; /** Such as `--file`. */ args: readonly string[] }

const batchEntries = 500
const lingerMs = 500
const retryMs = { min: 1000, max: 30_000 }
const levels = ['error', 'error', 'error', 'error', 'warn', 'info', 'info', 'debug']

export function startJournal(options: Options): { close(): Promise<void> } {
  const { log } = options
  const closing = new AbortController()
  const run = async () => {
    for (let tries = 0; !closing.signal.aborted; tries++) {
      try {
        await follow(options, closing.signal)
      } catch (error) {
        if (closing.signal.aborted) return
        if (tries === 0) log.warn({ error: messageOf(error) }, 'the journal of the machine cannot be read; trying again')
      }
      await sleep(backoffMs(retryMs.min, retryMs.max, tries), closing.signal).catch(() => {})
    }
  }
  const done = run()
  return {
    async close() {
      closing.abort()
      await done
    },
  }
}

async function follow({ home, machine, control, log, args }: Options, signal: AbortSignal): Promise<void> {
  const stateFile = join(home, 'agent', 'journal-position.json')
  await mkdir(dirname(stateFile), { recursive: true, mode: 0o700 })
  let at: Position = (await readJson<Position>(stateFile).catch(() => null)) ?? { source: `journal:${machine}:${Date.now().toString(36)}`, cursor: null, position: 0, pending: null }
  const settle = async () => {
    if (at.pending === null) return
    await sendBatch({ control, log, what: 'the journal' }, at.pending.batch, signal)
    at = { ...at, cursor: at.pending.cursor, position: at.pending.batch.to, pending: null }
  }
  await settle()
  const child = spawn('journalctl', ['--output=json', '--follow', '--quiet', '--no-pager', ...(at.cursor === null ? ['--lines=0'] : [`--after-cursor=${at.cursor}`]), ...args], { stdio: ['ignore', 'pipe', 'pipe'], signal })
  child.on('error', () => {}) // said by `exit`, or the signal
  const words = said(child)
  let entries: LogEntry[] = []
  let cursor = ''
  let late: Promise<null> | undefined
  const flush = async () => {
    late = undefined
    if (entries.length === 0) return
    const batch: LogBatch = { source: at.source, app: systemApp, environment: systemEnvironment, service: 'machine', instance: machine, release: null, machine, from: at.position, to: at.position + entries.length, dropped: 0, entries }
    entries = []
    at = { ...at, pending: { batch, cursor } }
    await replaceFile(stateFile, JSON.stringify(at), { sync: false })
    await settle()
  }
  try {
    const lines = createInterface({ input: child.stdout, crlfDelay: 0 })[Symbol.asyncIterator]()
    for (let next = lines.next(); ; ) {
      const found = entries.length === 0 ? await next : await Promise.race([next, (late ??= sleep(lingerMs).then(() => null))])
      if (found === null || entries.length >= batchEntries) await flush()
      if (found === null) continue
      if (found.done) break
      next = lines.next()
      const entry = journalEntry(found.value)
      if (entry !== null) {
        entries.push(entry.entry)
        cursor = entry.cursor
      }
    }
    await flush()
  } finally {
    child.kill()
  }
  signal.throwIfAborted()
  throw new Error(`journalctl ended: ${words()}`)
}

function said(child: ChildProcessByStdio<null, Readable, Readable>): () => string {
  let text = ''
  child.stderr.on('data', (data) => (text = (text + String(data)).slice(-500)))
  void once(child, 'exit').then(([code, by]) => (text += ` (${by ?? code})`), () => {})
  return () => text.trim()
}

/** systemd.journal-fields(7). A message that is no UTF-8 comes as a list of bytes. null: not an entry. */
export function journalEntry(text: string): { entry: LogEntry; cursor: string } | null {
  let fields: Record<string, unknown>
  try {
    fields = JSON.parse(text) as Record<string, unknown>
  } catch {
    return null
  }
  const field = (name: string) => (typeof fields[name] === 'string' ? fields[name] : undefined)
  const cursor = field('__CURSOR')
  if (cursor === undefined) return null
  const bytes = fields['MESSAGE']
  const msg = field('MESSAGE') ?? (Array.isArray(bytes) ? Buffer.from(bytes as number[]).toString('utf8') : '')
  const level = levels[Number(field('PRIORITY') ?? 6)] ?? 'info'
  const given = { program: field('SYSLOG_IDENTIFIER') ?? field('_COMM'), unit: field('_SYSTEMD_UNIT'), pid: field('_PID') }
  const micros = Number(field('__REALTIME_TIMESTAMP') ?? Number.NaN)
  const at = new Date(Number.isFinite(micros) ? micros / 1000 : Date.now()).toISOString()
  return { cursor, entry: { at, stream: 'system', text: JSON.stringify({ level, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)), msg: msg.slice(0, 30_000) }) } }
}
