/** What every log store must answer, held against a plain search over all lines: pages, cursors, searches, streams, counts, tallies, before and after sealing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LogLine } from '#contract/model.ts'
import { type Database, openDatabase } from '#kernel/db/db.ts'
import { testDatabase } from '#test/harness/postgres.ts'
import { until as eventually } from '#test/harness/wait.ts'
import type { Archive } from '#watch/logs/archive/port.ts'
import { sealTurn, tidyTurn } from '#watch/logs/loop.ts'
import type { LogPageQuery, LogQuery } from '#watch/logs/model.ts'
import type { LogReader } from '#watch/logs/port.ts'
import { parseQuery } from '#watch/logs/query/parser.ts'
import { createLogWriter } from '#watch/logs/service.ts'
import { batchOf, entry, lineText, randomOf } from '#watch/logs/testing/log-corpus.ts'

export type LogStoreDriver = { name: string; /** Why it cannot be tried here. */ skip?: string | undefined; open(db: Database): Promise<{ reader: LogReader; archive?: Archive; close(): Promise<void> }> }

const lines = 3000
const apps = ['shop', 'blog', 'desk']

export function logStoreConformance(driver: LogStoreDriver): void {
  test(`${driver.name}: what is asked is answered, and nothing else, whatever is sealed meanwhile`, { skip: driver.skip ?? false }, async () => {
    await using database = await testDatabase()
    const db = openDatabase(database.url)
    const writer = createLogWriter(db)
    const { reader, archive, close } = await driver.open(db)
    const seal = () => sealTurn(db, new Date(), { maxLines: 1, archive })
    try {
      const random = randomOf(7)
      const start = Date.now() - 3_600_000
      let streamed: LogLine[] = []
      const stop = new AbortController()
      const streaming = (async () => {
        for await (const line of reader.stream({ app: 'shop' }, { after: '0000000000000000000', signal: stop.signal })) streamed.push(line)
      })()
      const positions = new Map<string, number>()
      for (let id = 0; id < lines; ) {
        const app = apps[Math.floor(random() * 3)] as string
        const service = random() < 0.7 ? 'web' : 'worker'
        const from = positions.get(`${app}/${service}`) ?? 0
        const entries = Array.from({ length: 1 + Math.floor(random() * 40) }, () => entry(id === 1234 ? 'payment 7c9e6679 FAILED' : lineText(random, id), start + id++ * 900 + Math.floor(random() * 2000), random() < 0.2 ? 'stderr' : 'stdout'))
        positions.set(`${app}/${service}`, from + entries.length)
        await writer.ingest([batchOf(`${app}/${service}`, from, entries, { app, service, instance: `${service}.1`, release: service === 'web' ? 12 : null })])
        if (random() < 0.05) await seal()
      }
      await seal()
      await writer.ingest([batchOf('shop/web', positions.get('shop/web') ?? 0, [entry('ERROR the newest is not sealed', start + 3_000_000)], { app: 'shop', service: 'web', instance: 'web.1', release: 12 })])

      const all = await pages(reader, {})
      assert.equal(all.length, positions.values().reduce((sum, count) => sum + count, 0) + 1, 'every line is there once')
      assert.equal(new Set(all.map(({ cursor }) => cursor)).size, all.length)
      assert.deepEqual(all.map(({ cursor }) => cursor), all.map(({ cursor }) => cursor).sort())

      const expect = async (query: LogPageQuery, fits: (line: LogLine) => boolean, what: string) => {
        const wanted = all.filter(fits)
        assert.deepEqual((await pages(reader, query)).map(({ cursor }) => cursor), wanted.map(({ cursor }) => cursor), `${what}: ${wanted.length} lines`)
        return wanted.length
      }
      const where = (text: string): LogQuery => ({ where: parseQuery(text) })
      const folded = (line: LogLine) => line.text.toLowerCase()
      const graver = (line: LogLine) => line.level === 'warn' || line.level === 'error'
      assert.equal(await expect({ text: '7c9E6679' }, (line) => folded(line).includes('7c9e6679'), 'a rare word'), 1)
      assert.ok((await expect({ app: 'shop', text: 'queue mail' }, (line) => line.app === 'shop' && folded(line).includes('queue mail'), 'a common word')) > 20)
      await expect({ text: 'İSTANBUL' }, (line) => folded(line).includes('istanbul') || folded(line).includes('i̇stanbul'), 'beyond ASCII')
      await expect({ text: '\u212aelvin' }, (line) => folded(line).includes('kelvin'), 'a letter that folds into ASCII')
      await expect({ text: "it's \\ not there" }, () => false, 'quotes and backslashes')
      await expect({ app: 'blog', service: 'worker' }, (line) => line.app === 'blog' && line.service === 'worker', 'a service')
      await expect({ apps: ['desk'] }, (line) => line.app === 'desk', 'the apps of a caller')
      await expect({ apps: [] }, () => false, 'a caller of no app')
      await expect({ release: 12, streams: ['stderr'] }, (line) => line.release === 12 && line.stream === 'stderr', 'a release and a stream')
      await expect({ app: 'shop', level: 'warn' }, (line) => line.app === 'shop' && graver(line), 'a level')
      await expect({ app: 'desk', ...where('level>=warn -worker') }, (line) => line.app === 'desk' && graver(line) && !folded(line).includes('worker'), 'a search')
      await expect(where('service:worker or /took job [0-9a-f]{8,} from/'), (line) => line.service === 'worker' || /took job [0-9a-f]{8,} from/.test(line.text), 'an expression')
      await expect(where('reqId:req-1* msg:"request completed"'), (line) => (line.text.startsWith('{') ? (JSON.parse(line.text) as { reqId: string }).reqId.startsWith('req-1') : false), 'fields of JSON')
      const [since, until] = [new Date(start + 600_000), new Date(start + 900_000)]
      await expect({ since, until }, ({ at }) => Date.parse(at) >= since.getTime() && Date.parse(at) <= until.getTime(), 'a span of time')

      const window = { since: new Date(Math.floor(start / 60_000) * 60_000), until: new Date(Math.floor(start / 60_000) * 60_000 + 7_200_000), stepMs: 60_000 }
      for (const query of [{ app: 'shop' }, { app: 'shop', ...where('job') }] as LogQuery[]) {
        const wanted = await pages(reader, query)
        const { counts, partialBefore } = await reader.counts(query, { ...window, budgetMs: 30_000 })
        assert.equal(partialBefore, null)
        assert.equal(counts.reduce((sum, step) => sum + step.unknown + step.debug + step.info + step.warn + step.error, 0), wanted.length, 'counts are of the same lines')
        assert.equal(counts.reduce((sum, step) => sum + step.error, 0), wanted.filter((line) => line.level === 'error').length)
      }
      // steps that begin at a minute of their own, and searches that stored counts answer and do not
      const steps = { since: new Date(window.since.getTime() + 120_000), until: new Date(window.since.getTime() + 120_000 + 9 * 420_000), stepMs: 420_000 }
      for (const query of [{}, where('level>=warn'), where('service:web -stream:stderr'), { app: 'shop', ...where('job') }, where('level:error or request')] as LogQuery[]) {
        const plain = new Map<string, number>()
        for (const { at, app, environment, service } of await pages(reader, query)) {
          const step = Math.floor((Date.parse(at) - steps.since.getTime()) / steps.stepMs)
          const key = JSON.stringify([steps.since.getTime() + step * steps.stepMs, app, environment, service])
          if (step >= 0 && step < 9) plain.set(key, (plain.get(key) ?? 0) + 1)
        }
        const { counts, partialBefore } = await reader.tally(query, { ...steps, budgetMs: 30_000 })
        assert.equal(partialBefore, null)
        assert.ok(plain.size > 0)
        assert.deepEqual(counts.map(({ atMs, app, environment, service, lines: count }) => [JSON.stringify([atMs, app, environment, service]), count]).sort(), [...plain].sort(), 'a tally is of the same lines')
      }

      const shop = all.filter((line) => line.app === 'shop')
      await eventually(() => streamed.length >= shop.length, { because: `${shop.length} lines came by the stream` })
      const arrival = (line: LogLine) => line.cursor.slice(9)
      assert.deepEqual(streamed.map(arrival), shop.map(arrival).sort(), 'a stream from the start has every line once, in the order of arrival')
      stop.abort()
      await streaming
      streamed = []
      const resumed = reader.stream({ app: 'shop' }, { after: shop.sort((a, b) => (arrival(a) < arrival(b) ? -1 : 1)).at(-4)?.cursor, signal: AbortSignal.timeout(30_000) })
      for await (const line of resumed) if (streamed.push(line) === 3) break
      assert.deepEqual(streamed.map(arrival), shop.map(arrival).sort().slice(-3), 'a stream goes on where it broke')

      await seal()
      assert.equal((await pages(reader, {})).length, all.length, 'the last line, too, was sealed')
      await tidyTurn(db, new Date(Date.now() + 30 * 86_400_000), { archive })
      await eventually(async () => (await pages(reader, {})).length === 0, { because: 'what is too old is gone' })
    } finally {
      await close()
      await writer.close()
      await db.close()
    }
  })
}

/** Everything, oldest first, in pages of an odd size. */
async function pages(reader: LogReader, query: LogPageQuery): Promise<LogLine[]> {
  const found: LogLine[][] = []
  for (let before: string | undefined; ; ) {
    const page = await reader.read({ ...query, limit: 333, before, budgetMs: 30_000 })
    found.push(page.lines)
    if (page.next === null) return found.reverse().flat()
    before = page.next
  }
}
