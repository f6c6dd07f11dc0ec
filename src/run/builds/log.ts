/**
 * Build logs: `<home>/builds/<id>/log.ndjson`, one JSON object a line, written by control alone. What the worker prints
 * is copied from its own file (LogPump); each copied line remembers how far that file was read, so that a control that
 * comes back goes on where the last one was killed.
 */
import { appendFile, open, readFile, stat } from 'node:fs/promises'
import { sleep } from '#base/clock.ts'
import { messageOf } from '#base/errors.ts'
import type { BuildLine } from './model.ts'
import { openForeign } from './foreign.ts'
import type { BuildPaths } from './paths.ts'

type Stored = { at: string; text: string; /** attempt and position after this line in the worker's file */ from?: [number, number] }

const maxTextLength = 16 * 1024

export async function appendLog(paths: BuildPaths, now: Date, ...texts: string[]): Promise<void> {
  await append(paths, texts.flatMap((text) => text.split('\n')).map((text) => ({ at: now.toISOString(), text })))
}

async function append(paths: BuildPaths, lines: Stored[]): Promise<void> {
  if (lines.length > 0) await appendFile(paths.log, `${(await endsTorn(paths.log)) ? '\n' : ''}${lines.map((line) => `${JSON.stringify(line)}\n`).join('')}`, { mode: 0o600 })
}

/** A kill -9 may have cut the last line: what follows must not be glued to it, or it would be lost with it. */
async function endsTorn(path: string): Promise<boolean> {
  const size = await stat(path).then((found) => found.size, () => 0)
  return size > 0 && (await readRange(path, size - 1, 1))[0] !== 10
}

/** Copies what the worker of one attempt prints. */
export class LogPump {
  readonly #paths: BuildPaths
  readonly #attempt: number
  #position: number | undefined
  #busy: Promise<void> = Promise.resolve()

  constructor(paths: BuildPaths, attempt: number) {
    this.#paths = paths
    this.#attempt = attempt
  }

  /** Copies what is there now. Calls one after the other. */
  pump(): Promise<void> {
    this.#busy = this.#busy.then(() => this.#copy(), () => this.#copy())
    return this.#busy
  }

  async #copy(): Promise<void> {
    this.#position ??= await lastPosition(this.#paths, this.#attempt)
    const file = await openForeign(this.#paths.workerLog)
    if (file === null) return
    try {
      const buffer = Buffer.allocUnsafe(256 * 1024)
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, buffer.length, this.#position)
        const end = buffer.subarray(0, bytesRead).lastIndexOf(10)
        if (end === -1) return
        const lines: Stored[] = []
        let start = 0
        while (start <= end) {
          const stop = buffer.indexOf(10, start)
          this.#position += stop + 1 - start
          const line = parseLine(buffer.toString('utf8', start, stop))
          if (line !== null) lines.push({ ...line, from: [this.#attempt, this.#position] })
          start = stop + 1
        }
        await append(this.#paths, lines)
        if (bytesRead < buffer.length) return
      }
    } finally {
      await file.close()
    }
  }
}

async function lastPosition(paths: BuildPaths, attempt: number): Promise<number> {
  const text = await readFile(paths.log, 'utf8').catch(() => '')
  for (const line of text.split('\n').toReversed()) {
    if (!line.includes('"from"')) continue
    try {
      const { from } = JSON.parse(line) as Stored
      if (from !== undefined) return from[0] === attempt ? from[1] : 0
    } catch {
      // the last line was cut by a kill -9: the one before it counts
    }
  }
  return 0
}

/** Also for lines of the worker, so nothing but two strings is believed. */
export function parseLine(text: string): { at: string; text: string } | null {
  try {
    const value = JSON.parse(text) as { at?: unknown; text?: unknown }
    if (typeof value.at !== 'string' || typeof value.text !== 'string' || Number.isNaN(Date.parse(value.at))) return null
    return { at: new Date(value.at).toISOString(), text: value.text.slice(0, maxTextLength) }
  } catch {
    return null
  }
}

/**
 * Lines from `fromLine` on (0 = the first), then as they are written. Ends once `isOver` was true before everything was read.
 * A build whose log is gone (old ones are) has none.
 */
export async function* followLog(paths: BuildPaths, fromLine: number, isOver: () => Promise<boolean>, signal: AbortSignal): AsyncGenerator<BuildLine> {
  let position = 0
  let line = 0
  let rest = Buffer.alloc(0)
  for (;;) {
    signal.throwIfAborted()
    const over = await isOver()
    const size = await stat(paths.log).then((found) => found.size, () => 0)
    while (position < size) {
      const chunk = await readRange(paths.log, position, Math.min(size - position, 256 * 1024))
      if (chunk.length === 0) break
      position += chunk.length
      const data = Buffer.concat([rest, chunk])
      let start = 0
      for (let end = data.indexOf(10); end !== -1; end = data.indexOf(10, start)) {
        const parsed = parseLine(data.toString('utf8', start, end))
        if (parsed !== null && line++ >= fromLine) yield { line: line - 1, ...parsed }
        start = end + 1
      }
      rest = Buffer.from(data.subarray(start))
    }
    if (over) return
    await sleep(100, signal)
  }
}

async function readRange(path: string, position: number, length: number): Promise<Buffer> {
  const file = await open(path).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new Error(`cannot read the build log: ${messageOf(error)}`, { cause: error })
  })
  if (file === null) return Buffer.alloc(0)
  try {
    const buffer = Buffer.allocUnsafe(length)
    const { bytesRead } = await file.read(buffer, 0, length, position)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}
