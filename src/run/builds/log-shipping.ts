/**
 * Sends build logs on to the log store, nothing lost and nothing twice: a line's place in `log.ndjson` is its position, which the store
 * takes once. So nothing is remembered of builds under way: after a kill a log is sent again from its first line. A build that is over and
 * stored to its last line gets a mark beside its log, and is never looked at again.
 */
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { backoffMs } from '#base/backoff.ts'
import { sleep } from '#base/clock.ts'
import type { LogBatch, LogEntry } from '#contract/wire.ts'
import type { Db } from '#kernel/db/db.ts'
import type { Logger } from '#kernel/log.ts'
import { LogLines } from './log-lines.ts'
import { buildPaths } from './paths.ts'
import { buildsByIds, type BuildPlace } from './store.ts'

/** Resolves when the lines are stored. */
export type SendLines = (batches: LogBatch[]) => Promise<unknown>

export type ShippingDeps = { db: Db; home: string; machine: string; send: SendLines; logger: Logger }

export type LogShipping = {
  /** A build that was queued. */
  follow(id: string): void
  close(): Promise<void>
}

const idleMs = 250
const retryMs = { first: 500, longest: 10_000 }
const pageBytes = 256 * 1024

export function startLogShipping(deps: ShippingDeps): LogShipping {
  const { db, home, logger } = deps
  const logs = new Map<string, LogLines>()
  const closing = new AbortController()
  let wake = () => {}
  let tries = 0

  /** One look at every log that is not done. The state is read before the file: what ended then has written all that it ever will. */
  async function turn(): Promise<void> {
    const looked = [...logs] // one that is queued meanwhile is not asked for, and not forgotten for that
    const places = new Map((await buildsByIds(db, looked.map(([id]) => id))).map((place) => [place.id, place]))
    for (const [id, lines] of looked) {
      const place = places.get(id)
      if (place !== undefined) await ship(deps, place, lines)
      if (place !== undefined && !place.final) continue
      if (place !== undefined) await markStored(home, id)
      logs.delete(id)
    }
  }

  async function run(): Promise<void> {
    for (const id of await notStored(home)) logs.set(id, new LogLines(buildPaths(home, id).log))
    while (!closing.signal.aborted) {
      let waitMs = idleMs
      try {
        await turn()
        tries = 0
      } catch (error) {
        if (closing.signal.aborted) return
        if (tries === 0) logger.warn({ err: error }, 'the output of builds could not be stored; it is tried again')
        waitMs = backoffMs(retryMs.first, retryMs.longest, tries++)
      }
      if (closing.signal.aborted) return // a wake that comes before somebody waits for it is none
      if (logs.size > 0) await sleep(waitMs, closing.signal).catch(() => {})
      else await new Promise<void>((resolve) => (wake = resolve))
    }
  }

  const done = run().catch((error: unknown) => logger.error({ err: error }, 'the output of builds is not stored any more'))
  return {
    follow(id) {
      logs.set(id, new LogLines(buildPaths(home, id).log))
      wake()
    },
    async close() {
      closing.abort()
      wake()
      await done
    },
  }
}

async function ship({ machine, send }: ShippingDeps, place: BuildPlace, lines: LogLines): Promise<void> {
  for (;;) {
    const page = await lines.next(pageBytes)
    if (page.lines.length === 0) return
    const entries = page.lines.map(({ at, text }): LogEntry => ({ at, stream: 'build', text }))
    await send([{ source: place.id, app: place.app, environment: place.environment, service: 'build', instance: `build.${place.id.slice(-5)}`, release: null, machine, from: page.from, to: page.from + entries.length, dropped: 0, entries }])
    lines.taken(page)
  }
}

const storedMark = (home: string, id: string): string => join(buildPaths(home, id).dir, 'log.stored')

async function markStored(home: string, id: string): Promise<void> {
  await writeFile(storedMark(home, id), '', { mode: 0o600 }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error // forgotten meanwhile
  })
}

/** Builds without the mark, oldest first. */
async function notStored(home: string): Promise<string[]> {
  const folder = join(home, 'builds')
  const names = (await readdir(folder).catch(() => [])).filter((name) => /^bld_[0-9a-z]{20}$/.test(name)).sort()
  const found: string[] = []
  for (const name of names) {
    const files = await readdir(join(folder, name)).catch((): string[] => [])
    if (files.includes('log.ndjson') && !files.includes('log.stored')) found.push(name)
  }
  return found
}
