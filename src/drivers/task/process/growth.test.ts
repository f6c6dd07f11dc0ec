import assert from 'node:assert/strict'
import { appendFile, mkdtemp, rm, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { until } from '#test/harness/wait.ts'
import { LogFiles } from './log-files.ts'
import { paths } from './record.ts'

async function world() {
  const dir = await mkdtemp(join(tmpdir(), 'nightshift-growth-'))
  for (const stream of ['stdout', 'stderr'] as const) await writeFile(paths.log(dir, stream), stream === 'stdout' ? 'before\n' : '')
  const logs = new LogFiles(dir, 'a', { maxBytes: 1 << 20, stepBytes: 4096 })
  const hints: number[] = []
  const unwatch = logs.watch(() => hints.push(Date.now()))
  return {
    hints,
    unwatch,
    write: (stream: 'stdout' | 'stderr', text: string) => appendFile(paths.log(dir, stream), text),
    touch: (stream: 'stdout' | 'stderr', seconds: number) => utimes(paths.log(dir, stream), seconds, seconds),
    empty: (stream: 'stdout' | 'stderr') => truncate(paths.log(dir, stream), 0),
    read: async (cursor?: string, now = new Date()) => {
      const page = await logs.read(cursor, 1 << 20, false, now)
      return { ...page, lines: page.entries.map(({ text, at }) => ({ text, ms: Date.parse(at) })) }
    },
    async [Symbol.asyncDispose]() {
      unwatch()
      await rm(dir, { recursive: true })
    },
  }
}
/** Clocks of files go in steps of a few milliseconds. */
const coarseMs = 20

/** Until everything is quiet again, as the next hint shows, which only comes after that. */
async function hinted(here: Awaited<ReturnType<typeof world>>, write: () => Promise<void>): Promise<number> {
  const known = here.hints.length
  await until(async () => {
    await write()
    return here.hints.length > known
  }, { because: 'it is said that something was written', everyMs: 150 })
  return Date.now()
}

test('lines that are read together carry the times at which they were written', async () => {
  await using here = await world()
  const began = Date.now()
  const first = await hinted(here, () => here.write('stdout', 'one\n'))
  await until(() => Date.now() > first + 3 * coarseMs, { because: 'some time has gone by' })
  const second = await hinted(here, () => here.write('stderr', 'two\n'))
  const { lines } = await here.read()
  const timesOf = (text: string) => lines.filter((line) => line.text === text).map(({ ms }) => ms)
  for (const ms of timesOf('one')) assert.ok(ms >= began - coarseMs && ms <= first, `${began} ${ms} ${first}`)
  for (const ms of timesOf('two')) assert.ok(ms > first && ms <= second, `${first} ${ms} ${second}`)
  assert.deepEqual([lines[0]?.text, lines.at(-1)?.text], ['before', 'two'], 'in the order of time')
  assert.deepEqual(lines.map(({ ms }) => ms), lines.map(({ ms }) => ms).toSorted((a, b) => a - b))
})

test('no line is younger than its write, not by a fraction of a millisecond, or it would come after one that was written later', async () => {
  await using here = await world()
  await here.touch('stdout', 1_700_000_000.0007)
  assert.deepEqual((await here.read()).lines.map(({ ms }) => ms), [1_700_000_000_000])
})

test('a line that nobody saw being written comes after those that were seen, though the page was asked for before them', async () => {
  await using here = await world()
  const asked = new Date()
  await hinted(here, () => here.write('stdout', 'seen\n'))
  here.unwatch()
  await here.write('stdout', 'unseen\n')
  const { lines } = await here.read(undefined, asked)
  assert.deepEqual([lines[0]?.text, lines.at(-1)?.text], ['before', 'unseen'])
  assert.deepEqual(lines.map(({ ms }) => ms), lines.map(({ ms }) => ms).toSorted((a, b) => a - b))
})

test('a page that is read again has the same times, and a position further on its own', async () => {
  await using here = await world()
  await hinted(here, () => here.write('stdout', 'one\n'))
  const page = await here.read()
  assert.deepEqual((await here.read()).lines, page.lines)
  const { cursor } = page
  await hinted(here, () => here.write('stdout', 'two\n'))
  const next = await here.read(cursor)
  assert.ok(next.lines.length > 0 && next.lines.every((line) => line.text === 'two' && line.ms >= (page.lines.at(-1)?.ms ?? 0)))
})

test('output that was emptied, and looked at before anything was written again, is read on', async () => {
  await using here = await world()
  const { cursor } = await here.read()
  await here.empty('stdout')
  assert.deepEqual([(await here.read(cursor)).lines, (await here.read(cursor)).lines], [[], []])
  await here.write('stdout', 'after\n')
  assert.deepEqual((await here.read(cursor)).lines.map(({ text }) => text), ['after'])
})

test('output that was emptied begins with times of its own', async () => {
  await using here = await world()
  const early = await hinted(here, () => here.write('stdout', `${'x'.repeat(5000)}\n`))
  const { cursor } = await here.read()
  await until(() => Date.now() > early + 3 * coarseMs, { because: 'some time has gone by' })
  await here.empty('stdout')
  await hinted(here, () => here.write('stdout', 'after\n'))
  const { lines } = await here.read(cursor)
  assert.ok(lines.length > 0 && lines.every(({ text, ms }) => text === 'after' && ms > early))
})
