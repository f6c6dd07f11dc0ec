/**
 * A task's output through the engine. A reader's position is the engine's timestamp of the last line (nanoseconds) and how
 * many lines of that very time were read: it survives the reader, and the engine.
 *
 * One stream per task stays open while it is read in order, as the engine searches its whole log for each new position.
 * Lines wait here, bounded, until they are asked for.
 */
import type { Readable } from 'node:stream'
import type Docker from 'dockerode'
import type { LogEntry } from '#contract/wire.ts'
import { TaskError } from '../port.ts'
import type { LogPage } from '../port.ts'

type Position = { seconds: number; nanoseconds: number; count: number }
type Line = { entry: LogEntry; seconds: number; nanoseconds: number; bytes: number }

/** The stream is paused when this much waits. */
const waitingBytesMax = 1 << 20
/** How long a new stream of a running task is waited for its first line. */
const firstLineMs = 200
/** How long the engine may take to open one. */
const openMs = 15_000
/** How long the stream of an ended task may be silent before its end: the engine owes an answer, or somebody started the task again by hand. */
const lastLinesMs = 5_000

export function parsePosition(operation: string, id: string, cursor: string | undefined): Position | null {
  if (cursor === undefined) return null
  const match = /^(\d{1,12})\.(\d{9})-(\d{1,9})$/.exec(cursor)
  if (!match) throw new TaskError(operation, id, `${JSON.stringify(cursor)} is not a position in it (pass the cursor of an earlier page)`, { retryable: false })
  return { seconds: Number(match[1]), nanoseconds: Number(match[2]), count: Number(match[3]) }
}

const startPosition = '0.000000000-0'

function cursorOf(position: Position): string {
  return `${position.seconds}.${String(position.nanoseconds).padStart(9, '0')}-${position.count}`
}

function compare(a: { seconds: number; nanoseconds: number }, b: { seconds: number; nanoseconds: number }): number {
  return a.seconds - b.seconds || a.nanoseconds - b.nanoseconds
}

class LogReader {
  readonly #stream: Readable
  readonly #waiting: Line[] = []
  #position: Position
  /** Lines at the position's own time that were read by an earlier reader. */
  #skip: number
  #checked = false
  #dropped = 0
  #waitingBytes = 0
  #rest: Buffer = Buffer.alloc(0)
  #ended = false
  #failure: unknown = null
  #wake: (() => void) | null = null

  readonly #onOutput: () => void

  private constructor(stream: Readable, position: Position, onOutput: () => void) {
    this.#stream = stream
    this.#onOutput = onOutput
    this.#position = position
    this.#skip = position.count
    stream.on('data', (chunk: Buffer) => this.#take(chunk))
    stream.on('end', () => this.#end(null))
    stream.on('close', () => this.#end(null))
    stream.on('error', (error) => this.#end(error))
  }

  static async open(container: Docker.Container, position: Position | null, onOutput: () => void): Promise<LogReader> {
    const at = position ?? { seconds: 0, nanoseconds: 0, count: 0 }
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(), openMs)
    const stream = (await container.logs({
      abortSignal: late.signal,
      stdout: true,
      stderr: true,
      timestamps: true,
      follow: true,
      ...(position ? { since: `${at.seconds}.${String(at.nanoseconds).padStart(9, '0')}` } : {}),
    }).finally(() => clearTimeout(timer))) as unknown as Readable
    return new LogReader(stream, at, onOutput)
  }

  get cursor(): string {
    return cursorOf(this.#position)
  }

  /** True when all there will ever be was handed out. */
  get done(): boolean {
    return this.#ended && this.#waiting.length === 0
  }

  close(): void {
    this.#stream.destroy()
  }

  /** `complete`: the task has ended, so wait until there is a line or there are none. */
  async page(maxBytes: number, complete: boolean): Promise<LogPage> {
    const deadline = complete ? performance.now() + lastLinesMs : this.#checked ? 0 : performance.now() + firstLineMs
    while (this.#waiting.length === 0 && !this.#ended) {
      const left = deadline - performance.now()
      if (left <= 0) break
      await this.#change(left)
    }
    this.#checked = true
    if (complete && this.#waiting.length === 0 && !this.#ended) throw new Error(`the engine has not come to the end of its output within ${lastLinesMs / 1000} s`)
    if (this.#failure && this.#waiting.length === 0) throw this.#failure
    const entries: LogEntry[] = []
    let bytes = 0
    let taken = 0
    for (const line of this.#waiting) {
      if (maxBytes === 0 || (taken > 0 && bytes + line.bytes > maxBytes)) break
      bytes += line.bytes
      taken++
      entries.push(line.entry)
      this.#advance(line)
    }
    this.#waiting.splice(0, taken)
    this.#waitingBytes -= bytes
    if (this.#waitingBytes < waitingBytesMax / 2 && this.#stream.isPaused()) this.#stream.resume()
    const dropped = this.#dropped
    this.#dropped = 0
    return { entries, cursor: this.cursor, dropped }
  }

  #advance(line: Line): void {
    const order = compare(line, this.#position)
    if (order > 0) this.#position = { seconds: line.seconds, nanoseconds: line.nanoseconds, count: 1 }
    else if (order === 0) this.#position.count++
    // A line stamped before the last one (two streams race into the log) leaves the position where it is.
  }

  /** Frames of the engine: stream (1 byte), three zeros, length (4 bytes), then one line with its time. */
  #take(chunk: Buffer): void {
    const before = this.#waiting.length
    let data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    while (data.length >= 8) {
      const length = data.readUInt32BE(4)
      if (data.length < 8 + length) break
      this.#line(data[0] === 2 ? 'stderr' : 'stdout', data.toString('utf8', 8, 8 + length), length)
      data = data.subarray(8 + length)
    }
    this.#rest = Buffer.from(data)
    if (this.#waiting.length > before && before === 0) this.#onOutput()
    if (this.#waitingBytes > waitingBytesMax) this.#stream.pause()
    this.#wake?.()
  }

  #line(stream: 'stdout' | 'stderr', frame: string, bytes: number): void {
    const space = frame.indexOf(' ')
    const stamp = frame.slice(0, space)
    const time = { seconds: Math.floor(Date.parse(stamp) / 1000), nanoseconds: Number((/\.(\d{1,9})/.exec(stamp)?.[1] ?? '').padEnd(9, '0')) }
    if (this.#skip > 0) {
      if (compare(time, this.#position) === 0) {
        this.#skip--
        return
      }
      // The line that was read last is gone, so others after it may be too: how many, the engine does not say.
      if (this.#skip === this.#position.count) this.#dropped++
      this.#skip = 0
    }
    const text = frame.slice(space + 1).replace(/\r?\n$/, '')
    this.#waiting.push({ entry: { at: new Date(Date.parse(stamp)).toISOString(), stream, text }, ...time, bytes })
    this.#waitingBytes += bytes
  }

  #end(error: unknown): void {
    this.#failure ??= error
    this.#ended = true
    this.#wake?.()
  }

  #change(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

type Reading = { reader: LogReader; /** Opened after the task had ended: what it gives is all there is. */ final: boolean }

/** The open streams of all tasks: the same one while pages follow each other, a new one for another position. */
export class LogReaders {
  readonly #open = new Map<string, Reading>()
  /** One page at a time per task. */
  readonly #turns = new Map<string, Promise<unknown>>()
  readonly #listeners = new Map<string, () => void>()

  /** Of a task whose log is being read. */
  onOutput(id: string, listener: () => void): () => void {
    this.#listeners.set(id, listener)
    return () => void (this.#listeners.get(id) === listener && this.#listeners.delete(id))
  }

  page(id: string, container: Docker.Container, cursor: string | undefined, maxBytes: number, hasEnded: () => Promise<boolean>): Promise<LogPage> {
    const turn = (this.#turns.get(id) ?? Promise.resolve()).catch(() => {}).then(() => this.#page(id, container, cursor, maxBytes, hasEnded))
    this.#turns.set(id, turn)
    return turn.finally(() => this.#turns.get(id) === turn && this.#turns.delete(id))
  }

  close(id: string): void {
    this.#open.get(id)?.reader.close()
    this.#open.delete(id)
  }

  closeAll(): void {
    for (const id of this.#open.keys()) this.close(id)
  }

  async #page(id: string, container: Docker.Container, cursor: string | undefined, maxBytes: number, hasEnded: () => Promise<boolean>): Promise<LogPage> {
    const ended = await hasEnded()
    let reading = this.#open.get(id)
    if (!reading || reading.reader.cursor !== (cursor ?? startPosition) || reading.reader.done) reading = await this.#reopen(id, container, cursor, ended)
    const page = await reading.reader.page(maxBytes, ended)
    if (page.entries.length > 0 || !ended || reading.final) return page
    // A stream that was open while the task ended may close before its last lines: ask once more.
    const last = await this.#reopen(id, container, page.cursor, true)
    return last.reader.page(maxBytes, true)
  }

  async #reopen(id: string, container: Docker.Container, cursor: string | undefined, final: boolean): Promise<Reading> {
    this.close(id)
    const position = parsePosition('read the log of', id, cursor === startPosition ? undefined : cursor)
    const reading = { reader: await LogReader.open(container, position, () => this.#listeners.get(id)?.()), final }
    this.#open.set(id, reading)
    return reading
  }
}
