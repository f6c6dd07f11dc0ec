/**
 * A task's two output files, read in pages, given back in pieces.
 *
 * Positions are logical: bytes since the task started. A line is handed out only when it is complete or the task has
 * ended. Space is given back by punching holes, which leaves positions alone and needs no pause of the writer; where the
 * file system cannot, the file is cut and `base` remembers by how much. What outgrows the bound is dropped from
 * the oldest on, and the lines are counted.
 *
 * A write that the disk refuses may be the death of an app (Node's is), so room is taken ahead of what it writes; on a full
 * disk, room is made by dropping the oldest that is not stored yet.
 */
import { execFile } from 'node:child_process'
import { appendFile, open, readFile, stat, truncate } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { promisify } from 'node:util'
import { z } from 'zod'
import { messageOf } from '#base/errors.ts'
import type { LogEntry } from '#contract/wire.ts'
import { TaskError } from '../port.ts'
import type { LogPage } from '../port.ts'
import { Growth } from './growth.ts'
import { paths, writeRecord } from './record.ts'

const run = promisify(execFile)
const streams = ['stdout', 'stderr'] as const
type Stream = (typeof streams)[number]

/** Taken ahead of a stream's end, but no more than a small part of its bound. */
const aheadBytes: Record<Stream, number> = { stdout: 512 * 1024, stderr: 128 * 1024 }
const aheadOfBound = 1 / 64

/** A longer line is handed out in pieces. */
const maxLineBytes = 16 * 1024
const blockBytes = 4096
const guardBytes = 64
/** Per stream on a full disk: what is not stored yet beyond this is dropped. */
const tightMaxBytes = 256 * 1024
/** A reader that comes back after more drops than this is told of the oldest together. */
const gapsMax = 100

const streamState = z.object({
  /** Logical position of the file's first byte. */
  base: z.number(),
  /** Logical position of the first byte that is still there. */
  start: z.number(),
  /** Ranges that were dropped unread, by their end. */
  gaps: z.array(z.object({ to: z.number(), lines: z.number() })),
})
const logState = z.object({ stdout: streamState, stderr: streamState })
type StreamState = z.infer<typeof streamState>
type LogState = z.infer<typeof logState>

export type LogBounds = {
  /** Per stream: what is neither read nor released beyond this is dropped. */
  maxBytes: number
  /** Given back in steps of at least this. */
  stepBytes: number
}

export class LogFiles {
  readonly #dir: string
  readonly #id: string
  readonly #bounds: LogBounds
  #loaded: Promise<LogState> | undefined
  #busy: Promise<unknown> = Promise.resolve()
  /** File offset up to which room is taken. */
  readonly #ahead: Record<Stream, number> = { stdout: 0, stderr: 0 }
  #canTakeRoom = true
  #growth: Growth | undefined
  readonly #lastRead = new Map<Stream, { end: number; bytes: Buffer }>()
  /** What lies before these was handed out: dropping it loses nothing. */
  readonly #handedOut: Record<Stream, number> = { stdout: 0, stderr: 0 }

  constructor(dir: string, id: string, bounds: LogBounds) {
    this.#dir = dir
    this.#id = id
    this.#bounds = bounds
  }

  /** `ended`: was true before this call, so nothing more will be written. */
  read(cursor: string | undefined, maxBytes: number, ended: boolean, now: Date): Promise<LogPage> {
    return this.#alone(async (state) => {
      const at = this.#parse('read the log of', cursor)
      const page: LogPage = { entries: [], cursor: '', dropped: 0 }
      const next = { ...at }
      let budget = maxBytes === 0 ? 0 : Math.max(maxBytes, 2 * maxLineBytes)
      const behind = await this.#behind(state, at)
      for (const stream of streams) {
        const share = stream === 'stdout' ? budget - Math.min(budget / 2, behind.stderr) : budget
        const part = await this.#readStream(stream, state, at[stream], Math.floor(share), ended, now)
        page.entries.push(...part.entries)
        page.dropped += part.dropped
        next[stream] = part.next
        budget -= part.next - part.from
      }
      if (page.entries.some((entry) => entry.stream === 'stderr')) page.entries.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
      page.cursor = `${next.stdout}.${next.stderr}`
      return page
    })
  }

  /** Until the answer is called, lines carry the time they were written at, and it is said when there are some after a while without. One listener at a time. */
  watch(onOutput: () => void): () => void {
    const growth = new Growth(streams.map((stream) => paths.log(this.#dir, stream)), onOutput)
    this.#growth?.close()
    this.#growth = growth
    return () => growth.close()
  }

  release(cursor: string): Promise<void> {
    return this.#alone(async (state) => {
      const at = this.#parse('release the log of', cursor)
      let changed = false
      for (const stream of streams) {
        const to = Math.min(at[stream], await this.#end(stream, state[stream]))
        if (to - state[stream].start < this.#bounds.stepBytes) continue
        await this.#giveBack(stream, state[stream], to)
        changed = true
      }
      if (changed) await this.#save(state)
    })
  }

  /**
   * Drops the oldest half of what outgrew the bound, and takes room ahead of what is written. Called now and then while
   * the task runs. `isTight`: the disk is full, so the bound is small.
   */
  keepRoom(isTight: boolean): Promise<void> {
    const maxBytes = isTight ? Math.min(this.#bounds.maxBytes, tightMaxBytes) : this.#bounds.maxBytes
    return this.#alone(async (state) => {
      await this.#enforceBound(state, maxBytes)
      for (const stream of streams) await this.#takeRoom(stream)
    })
  }

  async #takeRoom(stream: Stream): Promise<void> {
    const path = paths.log(this.#dir, stream)
    const { size } = await stat(path)
    const length = Math.min(aheadBytes[stream], Math.floor(this.#bounds.maxBytes * aheadOfBound))
    const wanted = size + length
    // one that was emptied has given its room back; else it is taken in steps of at least half
    if (!this.#canTakeRoom || (this.#ahead[stream] >= size + length / 2 && this.#ahead[stream] <= wanted)) return
    try {
      await run('fallocate', ['--keep-size', '--offset', String(size), '--length', String(length), path])
      this.#ahead[stream] = wanted
    } catch (error) {
      if (/not supported|ENOENT/i.test(messageOf(error))) this.#canTakeRoom = false
    }
  }

  async #enforceBound(state: LogState, maxBytes: number): Promise<void> {
    for (const stream of streams) {
      const part = state[stream]
      const end = await this.#end(stream, part)
      if (end - part.start <= maxBytes) continue
      const { lines, to } = await this.#countLines(stream, part, end - Math.floor(maxBytes / 2), end)
      if (lines > 0) part.gaps.push({ to, lines })
      if (part.gaps.length > gapsMax) {
        const [oldest, next] = part.gaps.splice(0, 2)
        if (oldest && next) part.gaps.unshift({ to: next.to, lines: oldest.lines + next.lines })
      }
      await this.#giveBack(stream, part, to)
      await this.#save(state)
    }
  }

  async #readStream(stream: Stream, state: LogState, wanted: number, maxBytes: number, ended: boolean, now: Date) {
    const part = state[stream]
    const from = Math.max(wanted, part.start)
    const dropped = part.gaps.filter((gap) => gap.to > wanted).reduce((sum, gap) => sum + gap.lines, 0)
    const file = await open(paths.log(this.#dir, stream))
    try {
      const { size, mtimeMs } = await file.stat()
      if (await this.#wasEmptied(stream, file, from, from - part.base, size)) {
        // What follows continues where the reader is.
        part.base = from
        part.start = from
        this.#lastRead.delete(stream) // it is not there any more to be compared with
        await this.#save(state)
      }
      const buffer = await readAt(file, from - part.base, Math.min(maxBytes, size - (from - part.base)))
      const atEnd = from - part.base + buffer.length >= size
      const times = this.#growth?.timesOf(paths.log(this.#dir, stream), from - part.base)
      const readMs = Math.floor(Math.min(mtimeMs, now.getTime()))
      const entries: LogEntry[] = []
      let last = { ms: -1, at: '' }
      const used = cutLines(buffer, ended && atEnd, (text, end) => {
        // what was not looked at yet is no older than what was, though `now` may be: a page waits for its turn
        const ms = Math.max(last.ms, times?.(from - part.base + end) ?? readMs)
        if (ms !== last.ms) last = { ms, at: new Date(ms).toISOString() }
        entries.push({ at: last.at, stream, text })
      })
      this.#handedOut[stream] = from + used
      if (used > 0) this.#lastRead.set(stream, { end: from + used, bytes: Buffer.from(buffer.subarray(Math.max(0, used - guardBytes), used)) })
      return { entries, dropped, from, next: from + used }
    } finally {
      await file.close()
    }
  }

  /** An app may empty its own output (`> /dev/stdout`), which shows when what was read last is no longer before the position. */
  async #wasEmptied(stream: Stream, file: FileHandle, position: number, offset: number, size: number): Promise<boolean> {
    if (offset > size) return true
    const last = this.#lastRead.get(stream)
    if (last?.end !== position) return false
    return !(await readAt(file, offset - last.bytes.length, last.bytes.length)).equals(last.bytes)
  }

  async #giveBack(stream: Stream, part: StreamState, to: number): Promise<void> {
    const path = paths.log(this.#dir, stream)
    const length = Math.floor((to - part.base) / blockBytes) * blockBytes
    part.start = to
    if (length <= 0) return
    this.#lastRead.delete(stream)
    try {
      await run('fallocate', ['--punch-hole', '--offset', '0', '--length', String(length), path])
    } catch {
      // A file system without holes. What the app writes between the copy and the cut is lost: a few lines at most,
      // and only once the file has grown to an eighth of its bound.
      if (length < this.#bounds.maxBytes / 8) return
      const file = await open(path, 'r+')
      try {
        const { size } = await file.stat()
        const tail = await readAt(file, to - part.base, size - (to - part.base))
        await truncate(path, 0)
        await appendFile(path, tail)
        part.base = to
      } finally {
        await file.close()
      }
    }
  }

  /** Lines from the first that was not handed out to the first that begins at or after `target`. */
  async #countLines(stream: Stream, part: StreamState, target: number, end: number): Promise<{ lines: number; to: number }> {
    const file = await open(paths.log(this.#dir, stream))
    try {
      let lines = 0
      let at = Math.max(part.start, this.#handedOut[stream])
      if (at >= target) return { lines, to: at }
      while (at < end) {
        const chunk = await readAt(file, at - part.base, Math.min(1 << 20, end - at))
        if (chunk.length === 0) break
        for (let i = chunk.indexOf(10); i !== -1; i = chunk.indexOf(10, i + 1)) {
          lines++
          if (at + i + 1 >= target) return { lines, to: at + i + 1 }
        }
        at += chunk.length
      }
      return { lines, to: at }
    } finally {
      await file.close()
    }
  }

  async #behind(state: LogState, at: Record<Stream, number>): Promise<Record<Stream, number>> {
    const [stdout, stderr] = await Promise.all(streams.map(async (stream) => Math.max(0, (await this.#end(stream, state[stream])) - at[stream])))
    return { stdout: stdout ?? 0, stderr: stderr ?? 0 }
  }

  async #end(stream: Stream, part: StreamState): Promise<number> {
    return part.base + (await stat(paths.log(this.#dir, stream))).size
  }

  #parse(operation: string, cursor: string | undefined): Record<Stream, number> {
    if (cursor === undefined) return { stdout: 0, stderr: 0 }
    const match = /^(\d{1,15})\.(\d{1,15})$/.exec(cursor)
    if (!match) throw new TaskError(operation, this.#id, `${JSON.stringify(cursor)} is not a position in it (pass the cursor of an earlier page)`, { retryable: false })
    return { stdout: Number(match[1]), stderr: Number(match[2]) }
  }

  /** One at a time, in order: a page and a release never see each other half done. */
  #alone<T>(work: (state: LogState) => Promise<T>): Promise<T> {
    const turn = this.#busy.then(async () => work(await (this.#loaded ??= this.#load())))
    this.#busy = turn.catch(() => {})
    return turn
  }

  async #load(): Promise<LogState> {
    try {
      return logState.parse(JSON.parse(await readFile(paths.logState(this.#dir), 'utf8')))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      return { stdout: { base: 0, start: 0, gaps: [] }, stderr: { base: 0, start: 0, gaps: [] } }
    }
  }

  #save(state: LogState): Promise<void> {
    return writeRecord(paths.logState(this.#dir), state)
  }
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  if (length <= 0) return Buffer.alloc(0)
  const buffer = Buffer.allocUnsafe(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, position + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}

/** Hands out the lines of `data` and returns how many bytes they took. `complete`: what follows the last newline is a line too. */
function cutLines(data: Buffer, complete: boolean, emit: (line: string, end: number) => void): number {
  let start = 0
  while (start < data.length) {
    const newline = data.indexOf(10, start)
    const end = newline === -1 ? data.length : newline
    if (end - start > maxLineBytes) {
      const cut = characterStart(data, start + maxLineBytes)
      emit(data.toString('utf8', start, cut), cut)
      start = cut
    } else if (newline === -1) {
      if (!complete) return start
      emit(data.toString('utf8', start, end), end)
      return end
    } else {
      emit(data.toString('utf8', start, end > start && data[end - 1] === 13 ? end - 1 : end), end)
      start = newline + 1
    }
  }
  return start
}

/** The start of the UTF-8 character that `at` lies in, so that a long line is not cut through one. */
function characterStart(data: Buffer, at: number): number {
  for (let back = 0; back < 4; back++) {
    if (((data[at - back] ?? 0) & 0xc0) !== 0x80) return at - back
  }
  return at
}
