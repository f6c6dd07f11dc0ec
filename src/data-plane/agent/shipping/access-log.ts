/**
 * Ships the proxy's access log (`<home>/proxy/access.log`, one JSON object a line, rotated by renaming: `access.log.1` is the
 * newest of the old ones) as stream `access` of the service that each line names. Lines of no service (an unknown host) stay in the file.
 *
 * Exactly once, as for tasks: which bytes the next chunk has and the positions before it are on disk before it is sent,
 * so that after a kill the very same batches are sent again.
 */
import { open, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { LogBatch } from '#contract/wire.ts'
import { isAppError, messageOf } from '#base/errors.ts'
import { sleep } from '#base/clock.ts'
import { readJson, replaceFile } from '../../durable-file.ts'
import type { Log } from '../log.ts'
import type { ControlClient } from '../../control-client.ts'

type Position = {
  /** Part of the sources' names: a position that was lost does not count on where another one ended. */
  epoch: string
  /** Inode and birth time: an inode alone is given again to a new file. */
  file: string
  /** The chunk that was being sent: bytes `offset`..`end` of the file. */
  offset: number
  end: number
  /** Entries before and after that chunk, by service. */
  counts: Record<string, number>
  after: Record<string, number>
}
type AccessLine = { at?: string; app?: string | null; environment?: string | null; service?: string | null }

const chunkBytes = 256 * 1024
const pollMs = 500
/** Polls without news after which a renamed file is done: no writer has it open any more. */
const quietPolls = 3

export function startAccessLog(options: { file: string; stateFile: string; machine: string; control: Pick<ControlClient, 'post'>; log: Log }): { close(): Promise<void> } {
  const { control, log } = options
  const closing = new AbortController()

  async function send(batch: LogBatch): Promise<void> {
    for (let tries = 0; ; tries++) {
      try {
        return await control.post('/internal/logs', batch, closing.signal)
      } catch (error) {
        closing.signal.throwIfAborted()
        if (isAppError(error, 'invalid')) return log.error({ source: batch.source, error: messageOf(error) }, 'control refuses a batch of the access log for good; it is skipped')
        await sleep(Math.min(10_000, 200 * 2 ** Math.min(tries, 10)), closing.signal)
      }
    }
  }

  async function run(): Promise<void> {
    let at = await restore(options.stateFile, log)
    let quiet = 0
    let counts: Record<string, number> = {}
    let epoch = Date.now().toString(36)
    while (!closing.signal.aborted) {
      const path = at ? await find(options.file, at.file) : await oldest(options.file)
      if (!path) {
        // whether its last chunk was stored is not known; counted so, control sees it as stored or as lost
        if (at) ({ after: counts, epoch } = at)
        else await sleep(pollMs, closing.signal)
        at = null // rotated away while nobody looked: what is left starts with the oldest file
        continue
      }
      at ??= { epoch, file: identityOf(await stat(path)), offset: 0, end: 0, counts, after: counts }
      const renamed = path !== options.file
      // A chunk that was under way when the last agent ended is read again exactly as it was.
      const resumed = at.end > at.offset ? at.end : null
      const chunk = await readLines(path, at.offset, resumed, renamed && quiet >= quietPolls)
      if (chunk.end === at.offset) {
        const next = renamed && ++quiet > quietPolls ? await newer(options.file, at.file) : null
        if (next !== null) {
          at = { ...at, file: next, offset: 0, end: 0 }
          quiet = 0
        } else await sleep(pollMs, closing.signal)
        continue
      }
      quiet = 0
      const batches = batchesOf(chunk.lines, options.machine, at.epoch, at.counts)
      at = { ...at, end: chunk.end, after: { ...at.counts, ...Object.fromEntries(batches.map((batch) => [serviceIn(batch), batch.to])) } }
      if (resumed === null) await replaceFile(options.stateFile, JSON.stringify(at), { sync: false }).catch((error: unknown) => log.warn({ error: messageOf(error) }, 'the position in the access log could not be written; going on without'))
      for (const batch of batches) await send(batch)
      at = { ...at, offset: chunk.end, counts: at.after }
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
        if (!isRotated) log.warn({ file: options.file, error: messageOf(error) }, 'the access log could not be read; trying again')
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

function serviceIn(batch: { app: string; environment: string; service: string }): string {
  return `${batch.app}/${batch.environment}/${batch.service}`
}

/** One batch a service, in the order of first lines. */
function batchesOf(lines: readonly string[], machine: string, epoch: string, counts: Readonly<Record<string, number>>): LogBatch[] {
  const batches = new Map<string, LogBatch>()
  for (const text of lines) {
    const line = parse(text)
    if (!line?.app || !line.environment || !line.service) continue
    const { app, environment, service } = line
    const key = serviceIn({ app, environment, service })
    const from = counts[key] ?? 0
    const batch = batches.get(key) ?? { source: `access:${machine}:${epoch}:${key}`, app, environment, service, instance: 'proxy', release: null, machine, from, to: from, dropped: 0, entries: [] }
    batch.entries.push({ at: line.at ?? new Date(0).toISOString(), stream: 'access', text })
    batch.to++
    batches.set(key, batch)
  }
  return [...batches.values()]
}

function parse(text: string): AccessLine | null {
  try {
    const line: unknown = JSON.parse(text)
    return typeof line === 'object' && line !== null ? (line as AccessLine) : null
  } catch {
    return null
  }
}

/** Whole lines from `offset`, up to `until` or a chunk's size; with `closed`, an unfinished last line counts as one. */
async function readLines(path: string, offset: number, until: number | null, closed: boolean): Promise<{ lines: string[]; end: number }> {
  const file = await open(path)
  try {
    const buffer = Buffer.allocUnsafe(until === null ? chunkBytes : Math.max(0, until - offset))
    let filled = 0
    while (filled < buffer.length) {
      const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, offset + filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    const data = buffer.subarray(0, filled)
    const last = data.lastIndexOf(10)
    const used = until !== null || closed || (last === -1 && filled === chunkBytes) ? filled : last + 1
    return { lines: data.toString('utf8', 0, used).split('\n').filter(Boolean), end: offset + used }
  } finally {
    await file.close()
  }
}

/** The log and what it was rotated to, oldest first. */
async function filesOf(file: string): Promise<{ path: string; identity: string }[]> {
  const folder = dirname(file)
  const name = basename(file)
  const found: { path: string; identity: string; age: number }[] = []
  for (const entry of await readdir(folder).catch(() => [])) {
    const suffix = entry === name ? '0' : entry.startsWith(`${name}.`) ? entry.slice(name.length + 1) : ''
    if (!/^\d+$/.test(suffix)) continue
    const path = join(folder, entry)
    const info = await stat(path).catch(() => null)
    if (info) found.push({ path, identity: identityOf(info), age: Number(suffix) })
  }
  return found.sort((a, b) => b.age - a.age)
}

function identityOf(info: { ino: number; birthtimeMs: number }): string {
  return `${info.ino}:${info.birthtimeMs}`
}

async function find(file: string, identity: string): Promise<string | null> {
  const current = await stat(file).catch(() => null)
  if (current && identityOf(current) === identity) return file
  return (await filesOf(file)).find((one) => one.identity === identity)?.path ?? null
}

async function oldest(file: string): Promise<string | null> {
  return (await filesOf(file))[0]?.path ?? null
}

/** The file that followed this one. */
async function newer(file: string, identity: string): Promise<string | null> {
  const files = await filesOf(file)
  const index = files.findIndex((one) => one.identity === identity)
  return files[index + 1]?.identity ?? null
}

async function restore(stateFile: string, log: Log): Promise<Position | null> {
  return readJson<Position>(stateFile).catch((error: unknown) => {
    log.warn({ file: stateFile, error: messageOf(error) }, 'the position in the access log could not be read; it is shipped from its start')
    return null
  })
}
