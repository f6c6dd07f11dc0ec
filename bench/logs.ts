/**
 * Log lines through the real writer into a real, durable PostgreSQL, sealed while they arrive; then searches over all of
 * them. Arguments: lines (default 1000000). Lines are mostly random ids and addresses, so real logs compress better.
 */
import { performance } from 'node:perf_hooks'
import { openDatabase } from '#kernel/db/db.ts'
import { migrate } from '#kernel/db/migrate.ts'
import { ensurePostgres, stopPostgres } from '#kernel/postgres/embedded.ts'
import { tempHome } from '#test/harness/home.ts'
import { sealTurn } from '#watch/logs/loop.ts'
import type { LogPageQuery } from '#watch/logs/model.ts'
import { createLogReader } from '#watch/logs/read.ts'
import { createLogWriter } from '#watch/logs/service.ts'
import { batchOf, entry, lineText, randomOf } from '#watch/logs/testing/log-corpus.ts'

const total = Number(process.argv[2] ?? 1_000_000)
const apps = 40
const batchLines = 1000
const table: Record<string, string | number>[] = []
const row = (what: string, value: number, unit: string) => table.push({ what, value: value >= 1000 ? Math.round(value).toLocaleString('en') : Math.round(value * 10) / 10, unit })

await using home = await tempHome('nightshift-bench-')
const server = await ensurePostgres({ home: home.home, durable: true })
const db = openDatabase(server.url, { max: 20 })
await migrate(db)
const writer = createLogWriter(db)
const reader = createLogReader(db)
try {
  await measure()
} finally {
  reader.close()
  await writer.close()
  await db.close()
  await stopPostgres(home.home)
}
console.table(table)

async function measure() {
  const random = randomOf(1)
  const start = Date.now() - 3_600_000
  let bytes = 0
  const batches = Array.from({ length: Math.ceil(total / batchLines) }, (_, nth) => {
    const app = `app-${nth % apps}`
    const entries = Array.from({ length: batchLines }, (_unused, at) => {
      const id = nth * batchLines + at
      const line = entry(id === Math.floor(total / 3) ? 'payment failed for order 7c9e6679f0c24c1e' : lineText(random, id), start + (id / total) * 3_500_000)
      bytes += Buffer.byteLength(line.text)
      return line
    })
    return batchOf(app, Math.floor(nth / apps) * batchLines, entries, { app, instance: 'web.1' })
  })

  // ---- take in, with sealing beside it
  let storing = true
  let sealedMs = 0
  let longest = 0
  const sealer = (async () => {
    while (storing) {
      const began = performance.now()
      const report = await sealTurn(db, new Date(), {})
      if (report.actions.length > 0) sealedMs += performance.now() - began
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  })()
  const cpuBefore = process.cpuUsage()
  const began = performance.now()
  const waits: number[] = []
  let next = 0
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      while (next < batches.length) {
        const batch = batches[next++] as (typeof batches)[number]
        const asked = performance.now()
        await writer.ingest([batch])
        waits.push(performance.now() - asked)
        longest = Math.max(longest, waits.at(-1) as number)
      }
    }),
  )
  const seconds = (performance.now() - began) / 1000
  const cpu = process.cpuUsage(cpuBefore)
  storing = false
  await sealer
  await sealTurn(db, new Date(), { maxLines: 1 })
  row('lines stored while sealing', total / seconds, 'lines/s')
  row('answer to a batch of 1000, p50', waits.toSorted((a, b) => a - b)[Math.floor(waits.length / 2)] as number, 'ms')
  row('answer to a batch of 1000, max', longest, 'ms')
  row('CPU of control', ((cpu.user + cpu.system) / 1000 / total) * 100_000, 'ms / 100 k lines')
  row('time in sealing turns', sealedMs, 'ms')
  row('text of a line', bytes / total, 'B')
  const sizes = await db.one<{ chunk: number; table: number; chunks: number }>(
    `SELECT sum(stored_bytes)::bigint AS chunk, pg_total_relation_size('log_chunks') AS table, count(*)::int AS chunks FROM log_chunks`,
  )
  row('sealed, data and grams', sizes.chunk / total, 'B/line')
  row('sealed, on disk with table and indexes', sizes.table / total, 'B/line')
  row('chunks', sizes.chunks, '')
  row('resident memory', process.memoryUsage().rss / 1024 / 1024, `MB (with ${Math.round(bytes / 1024 / 1024)} MB of lines to send)`)

  // ---- search
  const since = new Date(start + 1_000_000)
  const until = new Date(start + 1_900_000)
  const searches: [string, LogPageQuery][] = [
    ['last 100 of one app', { app: 'app-7' }],
    ['last 100 of all', {}],
    ['one app, 15 min, substring', { app: 'app-7', text: 'queue mail', since, until, limit: 1000 }],
    ['all apps, 15 min, substring without match', { text: 'zzz not there', since, until, budgetMs: 60_000 }],
    ['one app, all time, without match', { app: 'app-7', text: 'zzz not there', budgetMs: 60_000 }],
    ['everything, without match', { text: 'zzz not there', budgetMs: 60_000 }],
    ['everything, short needle without match', { text: '#z#', budgetMs: 60_000 }],
    ['everything, one id', { text: '7c9e6679f0c24c1e', budgetMs: 60_000 }],
    ['errors of one app', { app: 'app-7', level: 'error', limit: 1000 }],
  ]
  for (const [what, query] of searches) {
    await reader.read(query)
    const times: number[] = []
    let found = 0
    for (let run = 0; run < 3; run++) {
      const asked = performance.now()
      found = (await reader.read(query)).lines.length
      times.push(performance.now() - asked)
    }
    row(`search: ${what} (${found} found)`, Math.min(...times), 'ms')
  }
}
