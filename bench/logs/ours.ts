/** The real writer into a real, durable PostgreSQL, four batches under way at once, sealed while they arrive. */
import { performance } from 'node:perf_hooks'
import { openDatabase } from '#kernel/db/db.ts'
import { migrate } from '#kernel/db/migrate.ts'
import { ensurePostgres, stopPostgres } from '#kernel/postgres/embedded.ts'
import { tempHome } from '#test/harness/home.ts'
import { sealTurn } from '#watch/logs/loop.ts'
import { createLogReader } from '#watch/logs/read.ts'
import { createLogWriter } from '#watch/logs/service.ts'
import { batchOf, entry } from '#watch/logs/testing/log-corpus.ts'
import { cpuSeconds } from '../rig/processes.ts'
import { short } from '../rig/report.ts'
import type { Contender, Stored } from './contender.ts'
import { type Corpus, runsOf } from './corpus.ts'

const atOnce = 4

export async function openOurs(): Promise<Contender> {
  const home = await tempHome('nightshift-bench-')
  const server = await ensurePostgres({ home: home.home, durable: true })
  const db = openDatabase(server.url, { max: 20 })
  await migrate(db)
  const writer = createLogWriter(db)
  const reader = createLogReader(db)

  async function seal(isStoring: () => boolean) {
    while (isStoring()) {
      await sealTurn(db, new Date(), {})
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }

  async function store(corpus: Corpus): Promise<Stored> {
    const positions = new Map<string, number>()
    const waits: number[] = []
    const runs = runsOf(corpus)
    let storing = true
    let peakMb = 0
    const sealing = seal(() => storing)
    const before = { own: process.cpuUsage(), database: cpuSeconds(server.pid) }
    const began = performance.now()
    const feed = async () => {
      for await (const { app, lines } of { [Symbol.asyncIterator]: () => runs }) {
        const from = positions.get(app) ?? 0
        positions.set(app, from + lines.length)
        const asked = performance.now()
        await writer.ingest([batchOf(app, from, lines.map(({ atMs, text }) => entry(text, atMs)), { app })])
        waits.push(performance.now() - asked)
        peakMb = Math.max(peakMb, process.memoryUsage().rss / 2 ** 20)
      }
    }
    await Promise.all(Array.from({ length: atOnce }, feed))
    const seconds = (performance.now() - began) / 1000
    storing = false
    await sealing
    await sealTurn(db, new Date(), { maxLines: 1 })
    const own = process.cpuUsage(before.own)
    const size = await db.one<{ bytes: number; chunks: number }>(`SELECT pg_total_relation_size('log_chunks') AS bytes, (SELECT count(*)::int FROM log_chunks) AS chunks`)
    const sorted = waits.toSorted((a, b) => a - b)
    const database = cpuSeconds(server.pid) - before.database
    return {
      seconds,
      cpuSeconds: (own.user + own.system) / 1e6 + database,
      bytesPerLine: size.bytes / corpus.lines,
      notes: {
        'of that CPU, PostgreSQL': `${short(database)} s`,
        'answer to a batch of 500, p50 / p99 / max': `${short(sorted[Math.floor(sorted.length / 2)] ?? 0)} / ${short(sorted[Math.floor(sorted.length * 0.99)] ?? 0)} / ${short(sorted.at(-1) ?? 0)} ms`,
        'resident memory of the writing process, peak': `${short(peakMb)} MB`,
        chunks: String(size.chunks),
      },
    }
  }

  return {
    name: 'nightshift',
    absent: null,
    store,
    search: async ({ ours }) => (await reader.read(ours)).lines.length,
    async close() {
      reader.close()
      await writer.close()
      await db.close()
      await stopPostgres(home.home)
      await home[Symbol.asyncDispose]()
    },
  }
}
