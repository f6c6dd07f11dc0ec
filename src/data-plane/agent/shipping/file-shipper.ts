/**
 * Ships the lines of a file that is rotated by renaming, or by copying it to `….1` and emptying it.
 *
 * Exactly once, as for tasks: which bytes the next chunk has and the positions before it are on disk before it is sent,
 * so that after a kill the very same batches are sent again.
 */
import { stat } from 'node:fs/promises'
import type { LogBatch, LogStream } from '#contract/wire.ts'
import { messageOf } from '#base/errors.ts'
import { sleep } from '#base/clock.ts'
import { readJson, replaceFile } from '../../durable-file.ts'
import type { ControlClient } from '../../control-client.ts'
import type { Log } from '../log.ts'
import { find, identityOf, isAsRead, newer, oldest, readLines } from './rotated-file.ts'
import { sendBatch } from './send-batch.ts'

/** A line on its way, and whose it is. */
export type ShippedLine = {
  app: string
  environment: string
  service: string
  instance: string
  at: string
  stream: LogStream
  text: string
  /** Number of the line in its file's whole life, where its writer counts: a jump is lines that the file lost. */
  sequence?: number
}

type Position = {
  /** Part of the sources' names: a position that was lost does not count on where another one ended. */
  epoch: string
  file: string
  /** The chunk that was being sent: bytes `offset`..`end` of the file. */
  offset: number
  end: number
  /** Entries before and after that chunk, by source. */
  counts: Record<string, number>
  after: Record<string, number>
  /** The last bytes before `end`: others there mean that the file was emptied and has grown again. */
  guard?: string
  /** The number of the last line before that chunk, where lines are numbered. */
  sequence?: number
}

export type FileShipperOptions = {
  file: string
  stateFile: string
  machine: string
  /** First word of the sources' names: `access`. */
  kind: string
  /** null: the line stays in the file. */
  lineOf: (text: string) => ShippedLine | null
  /** What names a source, beside the kind and the machine; it keeps the labels it had first. */
  keyOf: (line: ShippedLine) => string
  /** Where to begin with a file that was never seen before; default: its start. */
  from?: 'start' | 'end'
  pollMs?: number
  control: Pick<ControlClient, 'post'>
  log: Log
}

/** Polls without news after which a renamed file is done: no writer has it open any more. */
const quietPolls = 3

export function startFileShipper(options: FileShipperOptions): { close(): Promise<void> } {
  const { control, log, file, pollMs = 500 } = options
  const closing = new AbortController()

  async function begin(path: string, counts: Record<string, number>, epoch: string, isFirst: boolean): Promise<Position> {
    const info = await stat(path)
    const offset = isFirst && options.from === 'end' ? info.size : 0
    return { epoch, file: identityOf(info), offset, end: offset, counts, after: counts }
  }

  async function run(): Promise<void> {
    let at = await restore(options.stateFile, log)
    let quiet = 0
    let counts: Record<string, number> = {}
    let epoch = Date.now().toString(36)
    let isFirst = at === null
    while (!closing.signal.aborted) {
      const path = at ? await find(file, at.file) : options.from === 'end' ? await stat(file).then(() => file, () => null) : await oldest(file)
      if (!path) {
        // whether its last chunk was stored is not known; counted so, control sees it as stored or as lost
        if (at) ({ after: counts, epoch } = at)
        else await sleep(pollMs, closing.signal)
        at = null // rotated away while nobody looked: what is left starts with the oldest file
        continue
      }
      at ??= await begin(path, counts, epoch, isFirst)
      isFirst = false
      const emptied = await rest(file, path, at)
      if (emptied === 'gone') {
        at = { ...at, offset: 0, end: 0, counts: at.after, guard: '' }
        continue
      }
      const renamed = path !== file
      // A chunk that was under way when the last agent ended is read again exactly as it was.
      const resumed = at.end > at.offset ? at.end : null
      const chunk = await readLines(emptied ?? path, at.offset, resumed, renamed && quiet >= quietPolls)
      if (chunk.end === at.offset) {
        const next = renamed && ++quiet > quietPolls ? await newer(file, at.file) : null
        if (next !== null) {
          at = { ...at, file: next, offset: 0, end: 0, guard: '' }
          quiet = 0
        } else if (emptied !== null) at = { ...at, offset: 0, end: 0, guard: '' }
        else await sleep(pollMs, closing.signal)
        continue
      }
      quiet = 0
      const { batches, sequence } = batchesOf(chunk.lines, options, at)
      at = { ...at, end: chunk.end, guard: chunk.guard, after: { ...at.counts, ...Object.fromEntries(batches.map(({ key, batch }) => [key, batch.to])) } }
      if (resumed === null) await replaceFile(options.stateFile, JSON.stringify(at), { sync: false }).catch((error: unknown) => log.warn({ error: messageOf(error) }, `the position in ${file} could not be written; going on without`))
      for (const { batch } of batches) await sendBatch({ control, log, what: file }, batch, closing.signal)
      at = { ...at, offset: chunk.end, counts: at.after, ...(sequence === undefined ? {} : { sequence }) }
    }
  }

  async function keepRunning(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        await run()
      } catch (error) {
        if (closing.signal.aborted) return
        // renamed between a look and a read: the next look finds it under its new name
        const isRotated = (error as NodeJS.ErrnoException).code === 'ENOENT'
        if (!isRotated) log.warn({ file, error: messageOf(error) }, 'a log file could not be read; trying again')
        await sleep(isRotated ? pollMs : 5_000, closing.signal).catch(() => undefined)
      }
    }
  }

  const done = keepRunning()
  return {
    async close() {
      closing.abort()
      await done
    },
  }
}

/** Where the rest of a file is that was copied aside and emptied: its copy, or `gone`. null: it was not emptied. */
async function rest(file: string, path: string, { end, guard = '' }: Position): Promise<string | 'gone' | null> {
  if (path !== file || ((await stat(path)).size >= end && (await isAsRead(path, end, guard)))) return null
  return (await isAsRead(`${file}.1`, end, guard).catch(() => false)) ? `${file}.1` : 'gone'
}

type Numbered = { batches: { key: string; batch: LogBatch }[]; sequence: number | undefined }

/** One batch a source, in the order of first lines. */
function batchesOf(lines: readonly string[], options: FileShipperOptions, at: Position): Numbered {
  const batches = new Map<string, LogBatch>()
  let last = at.sequence
  for (const text of lines) {
    const line = options.lineOf(text)
    if (line === null) continue
    const { app, environment, service, instance, stream, sequence } = line
    const key = options.keyOf(line)
    // lines that the file lost are told of where they are missing, by whoever comes next
    const missing = sequence !== undefined && last !== undefined ? Math.max(0, sequence - last - 1) : 0
    const begin = batches.get(key)?.to ?? at.counts[key] ?? 0
    const known = missing > 0 ? undefined : batches.get(key)
    if (missing > 0 && batches.has(key)) flushed(batches, key)
    const from = begin + missing
    const batch = known ?? { source: `${options.kind}:${options.machine}:${at.epoch}:${key}`, app, environment, service, instance, release: null, machine: options.machine, from, to: from, dropped: missing, entries: [] }
    batches.set(key, batch)
    batch.entries.push({ at: line.at, stream, text: line.text })
    batch.to++
    if (sequence !== undefined) last = sequence
  }
  return { batches: [...batches].map(([key, batch]) => ({ key: key.replace(/\n\d+$/, ''), batch })), sequence: last }
}

/** A batch that another one of its source follows, after a gap. */
function flushed(batches: Map<string, LogBatch>, key: string): void {
  batches.set(`${key}\n${batches.size}`, batches.get(key) as LogBatch)
  batches.delete(key)
}

async function restore(stateFile: string, log: Log): Promise<Position | null> {
  return readJson<Position>(stateFile).catch((error: unknown) => {
    log.warn({ file: stateFile, error: messageOf(error) }, 'the position in a log file could not be read; it is shipped from its start')
    return null
  })
}
