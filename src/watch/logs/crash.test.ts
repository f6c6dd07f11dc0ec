import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { test } from 'node:test'
import { LineSplitter } from '#base/lines.ts'
import { sleep } from '#base/clock.ts'
import { openDatabase } from '#kernel/db/db.ts'
import { migrate } from '#kernel/db/migrate.ts'
import { ensurePostgres, stopPostgres } from '#kernel/postgres/embedded.ts'
import { tempHome } from '#test/harness/home.ts'
import { testDatabase } from '#test/harness/postgres.ts'
import { until } from '#test/harness/wait.ts'
import { createLogReader } from './read.ts'

const program = path.join(import.meta.dirname, 'testing/ingest-process.ts')
const sources = ['a', 'b', 'c']

/** What was acknowledged so far, by source; a killed process is followed by one that goes on somewhat before that, as agents do. */
class Shipper {
  readonly acknowledged = new Map(sources.map((source) => [source, 0]))
  #child: ChildProcess | undefined

  start(url: string): void {
    const starts = sources.map((source) => `${source}=${Math.max(0, (this.acknowledged.get(source) ?? 0) - Math.floor(Math.random() * 80))}`)
    this.#child = spawn(process.execPath, [program, url, ...starts], { stdio: ['ignore', 'pipe', 'inherit'] })
    const splitter = new LineSplitter()
    this.#child.stdout?.on('data', (data: Buffer) => {
      for (const line of splitter.push(data)) {
        const [source = '', position] = line.split(' ')
        this.acknowledged.set(source, Math.max(this.acknowledged.get(source) ?? 0, Number(position)))
      }
    })
  }

  async more(lines: number): Promise<void> {
    const goal = this.total() + lines
    await until(() => this.total() >= goal, { because: `${lines} more lines are acknowledged`, everyMs: 2 })
  }

  /** Nothing happens to one that is dead already. */
  async kill(): Promise<void> {
    if (this.#child?.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child as ChildProcess, 'close')
    this.#child?.kill('SIGKILL')
    await exited
  }

  total(): number {
    return [...this.acknowledged.values()].reduce((sum, position) => sum + position, 0)
  }
}

/** Every acknowledged line is there once, in order, and nothing else than what followed. */
async function assertExact(url: string, acknowledged: ReadonlyMap<string, number>): Promise<void> {
  const db = openDatabase(url)
  const reader = createLogReader(db)
  try {
    for (const [source, position] of acknowledged) {
      const texts: string[] = []
      for (let before: string | undefined, more = true; more; ) {
        const page = await reader.read({ app: `app-${source}`, limit: 1000, before })
        texts.unshift(...page.lines.map((line) => line.text))
        more = page.next !== null
        before = page.next ?? undefined
      }
      assert.ok(texts.length >= position, `${source}: ${texts.length} lines for ${position} acknowledged`)
      assert.deepEqual(texts, Array.from({ length: texts.length }, (_, nth) => `${source}:${nth}`))
    }
    const counted = (await reader.counts({}, { since: new Date(0), until: new Date(Math.ceil(Date.now() / 60_000) * 60_000), stepMs: 60_000 })).counts.reduce((sum, minute) => sum + minute.unknown, 0)
    const stored = await db.one<{ n: number }>('SELECT (SELECT next_line - 1 FROM log_state)::bigint AS n')
    assert.equal(counted, stored.n, 'counts per minute agree with the lines')
  } finally {
    reader.close()
    await db.close()
  }
}

test('kill -9 of a process that stores and seals loses no acknowledged line and doubles none', async () => {
  await using database = await testDatabase()
  const shipper = new Shipper()
  try {
    for (let round = 0; round < 6; round++) {
      shipper.start(database.url)
      await shipper.more(300 + round * 150)
      await sleep(Math.random() * 20) // any moment will do
      await shipper.kill()
      await assertExact(database.url, shipper.acknowledged)
    }
  } finally {
    await shipper.kill()
  }
})

test('kill -9 of the database under it loses no acknowledged line and doubles none', async () => {
  await using home = await tempHome('nightshift-logcrash-')
  let server = await ensurePostgres({ home: home.home, durable: true })
  const db = openDatabase(server.url)
  await migrate(db)
  await db.close()
  const shipper = new Shipper()
  try {
    shipper.start(server.url)
    for (let round = 0; round < 3; round++) {
      await shipper.more(500)
      process.kill(server.pid, 'SIGKILL')
      await sleep(Math.random() * 50)
      server = await until(() => ensurePostgres({ home: home.home, durable: true, port: server.port }), { because: 'the database is back' })
    }
    await shipper.more(300)
    await shipper.kill()
    await assertExact(server.url, shipper.acknowledged)
  } finally {
    await shipper.kill()
    await stopPostgres(home.home, { graceMs: 5000 })
  }
})
