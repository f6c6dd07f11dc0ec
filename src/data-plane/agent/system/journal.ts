/**
 * systemd's journal, by `journalctl -o json`: what is new since the agent first looked, then on from a cursor. A batch and the cursor after it
 * are on disk before it is sent, so that after a kill the very same one is sent again.
 *
 * First everything up to now, then what comes: `--follow` shows the newest boot alone, and an agent that comes back after a boot wants the
 * end of the one before. `--cursor` gives the entry of the cursor once more, and is asked instead of `--after-cursor`, which leaves out the
 * next one when that entry is gone (systemd 252).
 */
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { backoffMs } from '#base/backoff.ts'
import { sleep } from '#base/clock.ts'
import { messageOf } from '#base/errors.ts'
import { LineSplitter } from '#base/lines.ts'
import { systemApp, systemEnvironment } from '#contract/system-logs.ts'
import type { LogBatch } from '#contract/wire.ts'
import type { ControlClient } from '../../control-client.ts'
import { readJson, replaceFile } from '../../durable-file.ts'
import type { Log } from '../log.ts'
import { sendBatch } from '../shipping/send-batch.ts'
import { type JournalEntry, entryFields, journalEntry } from './journal-entry.ts'
import { runJournalctl } from './journalctl.ts'

/** `since`, in microseconds since 1970, is where to begin without a cursor. */
type Position = { source: string; cursor: string | null; since: number; position: number; pending: { batch: LogBatch; cursor: string; since: number } | null }
type Options = { home: string; machine: string; control: Pick<ControlClient, 'post'>; log: Log; /** Such as `--directory`. */ args: readonly string[] }

const batchEntries = 500
const lingerMs = 500
const retryMs = { min: 1000, max: 30_000 }
/** A longer one is left out: nothing that a person would read. */
const maxEntryBytes = 1024 * 1024

export function startJournal(options: Options): { close(): Promise<void> } {
  const { log } = options
  const closing = new AbortController()
  const run = async () => {
    let tries = 0
    while (!closing.signal.aborted) {
      const reader = new JournalReader(options, closing.signal)
      try {
        await reader.run()
      } catch (error) {
        if (closing.signal.aborted) return
        if (reader.hasRead) tries = 0
        if (tries === 0) log.warn({ error: messageOf(error) }, 'the journal of the machine cannot be read; trying again')
      }
      await sleep(backoffMs(retryMs.min, retryMs.max, tries++), closing.signal).catch(() => {})
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

class JournalReader {
  readonly #options: Options
  readonly #signal: AbortSignal
  readonly #stateFile: string
  #at: Position
  #read: JournalEntry[] = []
  hasRead = false

  constructor(options: Options, signal: AbortSignal) {
    this.#options = options
    this.#signal = signal
    this.#stateFile = join(options.home, 'agent', 'journal-position.json')
    this.#at = { source: `journal:${options.machine}:${Date.now().toString(36)}`, cursor: null, since: Date.now() * 1000, position: 0, pending: null }
  }

  /** Ends by an error only. */
  async run(): Promise<void> {
    await mkdir(dirname(this.#stateFile), { recursive: true, mode: 0o700 })
    const known = await readJson<Position>(this.#stateFile).catch(() => null)
    if (known === null) await this.#save()
    else this.#at = { ...this.#at, ...known }
    await this.#settle()
    await this.#take([])
    await this.#take(['--follow'])
  }

  async #take(how: readonly string[]): Promise<void> {
    const { cursor } = this.#at
    const from = cursor === null ? `--since=@${(this.#at.since / 1e6).toFixed(6)}` : `--cursor=${cursor}`
    const child = runJournalctl(['--output=json', '--all', `--output-fields=${entryFields.join(',')}`, '--quiet', '--no-pager', '--no-tail', from, ...how, ...this.#options.args], this.#signal)
    try {
      await this.#readAll(child.output, cursor)
    } finally {
      child.end()
    }
    const { code, words } = await child.ended
    this.#signal.throwIfAborted()
    // a cursor that is none (a state file that was torn) must not hold up everything for ever: its time is known, too
    if (code !== 0 && /seek to cursor/.test(words)) await this.#save({ cursor: null })
    if (code !== 0 || how.length > 0) throw new Error(`journalctl ended${words === '' ? '' : `: ${words}`} (${code})`)
  }

  async #readAll(output: AsyncIterator<Buffer>, after: string | null): Promise<void> {
    const splitter = new LineSplitter(maxEntryBytes)
    let late: Promise<null> | undefined
    for (let next = output.next(); ; ) {
      const found = this.#read.length === 0 ? await next : await Promise.race([next, (late ??= sleep(lingerMs).then(() => null))])
      if (found === null || this.#read.length >= batchEntries) {
        late = undefined
        await this.#flush()
      }
      if (found === null) continue
      if (found.done) return this.#flush()
      for (const text of splitter.push(found.value)) {
        const entry = journalEntry(text)
        if (entry === null || entry.cursor === after) continue
        this.#read.push(entry)
        if (this.#read.length >= batchEntries) await this.#flush()
      }
      next = output.next()
    }
  }

  async #flush(): Promise<void> {
    const last = this.#read.at(-1)
    if (last === undefined) return
    const entries = this.#read.map(({ entry }) => entry)
    const { machine } = this.#options
    const batch: LogBatch = { source: this.#at.source, app: systemApp, environment: systemEnvironment, service: 'machine', instance: machine, release: null, machine, from: this.#at.position, to: this.#at.position + entries.length, dropped: 0, entries }
    this.#read = []
    await this.#save({ pending: { batch, cursor: last.cursor, since: last.micros + 1 } })
    await this.#settle()
  }

  async #settle(): Promise<void> {
    const { pending } = this.#at
    if (pending === null) return
    const { control, log } = this.#options
    await sendBatch({ control, log, what: 'the journal' }, pending.batch, this.#signal)
    this.hasRead = true
    this.#at = { ...this.#at, cursor: pending.cursor, since: pending.since, position: pending.batch.to, pending: null }
  }

  async #save(change: Partial<Position> = {}): Promise<void> {
    this.#at = { ...this.#at, ...change }
    await replaceFile(this.#stateFile, JSON.stringify(this.#at), { sync: false })
  }
}
