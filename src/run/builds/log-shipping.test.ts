/** Lines of builds in the log store, held against the builds' own logs: each once, in order, whatever is killed. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { pino } from 'pino'
import { createLogReader } from '#watch/logs/read.ts'
import { createLogWriter } from '#watch/logs/service.ts'
import { defaultStreams } from '#watch/logs/port.ts'
import { until } from '#test/harness/wait.ts'
import { startLogShipping } from './log-shipping.ts'
import { buildPaths, cachesPath } from './paths.ts'
import { actor, buildFiles, buildHouse, chunks, logOf, sourceOf, target, type BuildHouse, type Files } from './testing/harness.ts'

/** Says a thousand lines, one after the other, and ends when it finds `go` in its cache. */
const talkative: Files = {
  Procfile: 'web: true\n',
  'bin/detect': { text: '#!/bin/sh\n', executable: true },
  'bin/compile': { text: '#!/bin/sh\ni=0\nwhile [ $i -lt 1000 ]; do echo "step $i"; i=$((i+1)); [ $((i % 10)) = 0 ] && sleep 0.01; done\nwhile ! [ -e "$2/go" ]; do sleep 0.05; done\n', executable: true },
}

/** The texts that the log store has of the app, in order of arrival. */
async function stored(house: BuildHouse, source?: string): Promise<string[]> {
  const reader = createLogReader(house.db)
  try {
    const lines = []
    for (let before: string | undefined; ; ) {
      const page = await reader.read({ ...target, ...(source === undefined ? { streams: defaultStreams } : { source }), limit: 500, before })
      lines.unshift(...page.lines)
      if (page.next === null) break
      before = page.next
    }
    assert.ok(lines.every((line) => line.stream === 'build' && line.service === 'build' && line.instance === `build.${line.instance.slice(-5)}`))
    return lines.map(({ text }) => text)
  } finally {
    reader.close()
  }
}

const isStored = (house: BuildHouse, id: string) => until(async () => (await readdir(join(house.home, 'builds', id))).includes('log.stored'), { because: `every line of ${id} is stored` })

test('every line of a build is in the timeline of its app, of a failed one and a cancelled one too', async () => {
  await using house = await buildHouse()
  const writer = createLogWriter(house.db)
  await using _ = { [Symbol.asyncDispose]: () => writer.close() } // before the house, whose database waits for its connection
  const builds = house.open({ lines: { machine: 'm1', send: (batches) => writer.ingest(batches) } })
  builds.start()
  const good = await buildFiles(house, { Procfile: 'web: echo 1\n' }, { builds })
  const bad = await buildFiles(house, { 'package.json': '{"scripts":{"build":"echo about to fail; exit 4"}}', Procfile: 'web: x\n' }, { builds })
  const waiting = await builds.queueUpload(actor, target, chunks(await sourceOf(talkative)))
  await builds.cancel(actor, target, waiting.id)
  for (const { id } of [good, bad, waiting]) {
    await isStored(house, id)
    assert.deepEqual(await stored(house, id), (await logOf(builds, id)).split('\n'))
  }
  assert.ok((await stored(house)).some((text) => text.includes('about to fail')), 'without being asked for')
})

test('kill -9 of control in the middle of a build, again and again, neither doubles nor loses a line', async (t) => {
  await using house = await buildHouse()
  let control: ChildProcess | undefined
  const up = async () => {
    control = spawn(process.execPath, [join(import.meta.dirname, 'testing/control.ts'), house.url, house.home], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(control.stdout as NonNullable<ChildProcess['stdout']>, 'data')
  }
  const down = async () => {
    control?.kill('SIGKILL')
    await once(control as ChildProcess, 'exit')
  }
  t.after(() => control?.kill('SIGKILL'))
  const { id } = await house.builds.queueUpload(actor, target, chunks(await sourceOf(talkative)))
  for (const least of [100, 400, 700]) {
    await up()
    await until(async () => (await stored(house, id)).length > least, { everyMs: 5, because: `${least} lines are stored` })
    await down()
  }
  await appendFile(buildPaths(house.home, id).log, '{"at":"2026-11-28T03:12:00.000Z","text":"cut by a ki') // as a kill leaves it
  const [own = ''] = await readdir(cachesPath(house.home, target.app, target.environment))
  await writeFile(join(cachesPath(house.home, target.app, target.environment), own, 'root', 'buildpack', 'go'), '')
  await up()
  await isStored(house, id)
  const lines = await stored(house, id)
  assert.deepEqual(lines, (await logOf(house.builds, id)).split('\n'))
  assert.deepEqual(lines.filter((text) => text.includes('step ')).map((text) => Number(/step (\d+)/.exec(text)?.[1])), Array.from({ length: 1000 }, (_, at) => at))
  assert.match(lines.at(-1) ?? '', /built in .*: release v7/)
  await down()
})

test('lines wait while the store is away, a build that was forgotten meanwhile holds nothing up, and the next control takes up what is left', async () => {
  await using house = await buildHouse()
  const writer = createLogWriter(house.db)
  await using _ = { [Symbol.asyncDispose]: () => writer.close() } // before the house, whose database waits for its connection
  let away = true
  const send = async (batches: Parameters<typeof writer.ingest>[0]) => {
    if (away) throw new Error('away')
    return writer.ingest(batches)
  }
  const first = house.open({ lines: { machine: 'm1', send } })
  first.start()
  const { id } = await buildFiles(house, { Procfile: 'web: echo 1\n' }, { builds: first })
  const forgotten = await buildFiles(house, { Procfile: 'web: echo 2\n' }, { builds: first })
  await first.close()
  assert.deepEqual(await stored(house), [])
  await rm(buildPaths(house.home, forgotten.id).dir, { recursive: true })
  away = false
  const second = house.open({ lines: { machine: 'm1', send } })
  second.start()
  await isStored(house, id)
  assert.deepEqual(await stored(house, id), (await logOf(second, id)).split('\n'))
})

test('a build that is queued while others are looked at is followed as they are', async () => {
  await using house = await buildHouse()
  const queue = async () => (await house.builds.queueUpload(actor, target, chunks(await sourceOf({ Procfile: 'web: true\n' })))).id
  const [first, second] = [await queue(), await queue()]
  for (const id of [first, second]) await house.builds.cancel(actor, target, id)
  await rm(buildPaths(house.home, second).log) // so that it is found by being followed alone
  let looks = 0
  const db = Object.create(house.db, {
    query: {
      value: async (...args: Parameters<typeof house.db.query>) => {
        const rows = await house.db.query(...args)
        if (looks++ === 0) shipping.follow(second)
        return rows
      },
    },
  }) as typeof house.db
  const shipping = startLogShipping({ db, home: house.home, machine: 'm1', send: async () => {}, logger: pino({ level: 'silent' }) })
  await using _ = { [Symbol.asyncDispose]: () => shipping.close() }
  for (const id of [first, second]) await isStored(house, id)
})
