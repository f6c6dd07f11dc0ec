import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { type Sent, type TestApi, startTestApi } from '../test/api.ts'
import { call, start } from '../test/harness.ts'
import { aLine, anApp, anEvent } from '../test/samples.ts'
import type { JournalEvent, LogLine } from '#contract/model.ts'

let api: TestApi
before(async () => {
  api = await startTestApi()
})
after(() => api[Symbol.asyncDispose]())
beforeEach(() => {
  api.asked = []
  api.handlers = { 'logs.list': () => ({ lines: [], partial: false, next: null }) }
})

const forever = () => new Promise<never>(() => {})
const sent = (line: LogLine): Sent<LogLine> => ({ id: line.cursor, data: line })
const run = (...argv: string[]) => call(argv, { env: { ...api.env, NIGHTSHIFT_APP: 'shop' } })

describe('logs', () => {
  test('show the past, with time, instance, level and text', async () => {
    api.handlers['logs.list'] = () => ({ lines: [aLine('hello'), aLine('oh no', { level: 'error', instance: 'worker.12', service: 'worker' }), aLine('migrated', { stream: 'release' })], partial: false, next: null })
    const { stdout } = await run('logs')
    const [first, second, third] = stdout.split('\n')
    assert.match(first ?? '', /^(\S+ )?\d\d:\d\d:\d\d\.\d{3} web\.1 {2}hello$/)
    assert.match(second ?? '', / worker\.12 error oh no$/)
    assert.match(third ?? '', / web\.1 release migrated$/)
    assert.deepEqual(api.asked[0]?.query, { app: 'shop', environment: 'production', limit: 100 })
  })

  test('pass every filter on', async () => {
    await run('logs', '-i', 'web.1', '-s', 'web', '--level', 'warn', '--grep', 'time out', '--stream', 'stdout', '-n', '7', '--since', '2026-01-02T03:04Z', '--until', '2026-01-03', '-e', 'staging')
    const query = api.asked[0]?.query
    assert.deepEqual({ ...query, until: undefined }, { app: 'shop', environment: 'staging', instance: 'web.1', service: 'web', level: 'warn', text: 'time out', streams: 'stdout', limit: 7, since: '2026-01-02T03:04:00.000Z', until: undefined })
    assert.equal(query?.['until'], new Date(2026, 0, 3).toISOString())
  })

  test('since a time are all of them, page after page, in order, also over an empty page', async () => {
    const all = Array.from({ length: 2500 }, (_, index) => aLine(`line ${index}`, { cursor: String(index).padStart(5, '0') }))
    let pages = 0
    api.handlers['logs.list'] = ({ query }) => {
      if (++pages === 2) return { lines: [], partial: true, next: '01500x' }
      const end = query['before'] === undefined ? all.length : Number.parseInt(String(query['before']), 10)
      const lines = all.slice(Math.max(0, end - Number(query['limit'])), end)
      return { lines, partial: false, next: lines[0] === all[0] ? null : (lines[0]?.cursor ?? null) }
    }
    const { stdout } = await run('logs', '--since', '1h')
    assert.deepEqual(stdout.trimEnd().split('\n').map((line) => line.replace(/.*(line \d+)$/, '$1')), all.map(({ text }) => text))
  })

  test('of a service or an instance that is not there are a slip of the fingers', async () => {
    api.handlers['logs.list'] = () => ({ lines: [], partial: false, next: null })
    api.handlers['apps.read'] = () => anApp()
    assert.match((await run('logs', '-s', 'wbe')).stderr, /there are no lines of it, and shop has no service "wbe" \(did you mean web\?\); it has web/)
    assert.match((await run('logs', '-i', 'web.7')).stderr, /no instance "web\.7" \(did you mean web\.1\?\)/)
    const quiet = await run('logs', '-s', 'web')
    assert.deepEqual([quiet.code, quiet.stderr], [0, 'no lines\n'])
  })

  test('take an app and a search; a first word that can be an app is one', async () => {
    const asked = async (...argv: string[]) => {
      api.asked = []
      await run('logs', ...argv)
      return api.asked[0]?.query
    }
    const past = { environment: 'production', limit: 100 }
    assert.deepEqual(await asked('blog', 'level>=warn -healthcheck'), { ...past, app: 'blog', q: 'level>=warn -healthcheck' })
    assert.deepEqual(await asked('blog', 'timed', 'out'), { ...past, app: 'blog', q: 'timed out' })
    assert.deepEqual(await asked('status:>=500'), { ...past, app: 'shop', q: 'status:>=500' })
    assert.deepEqual(await asked('-a', 'blog', 'timeout'), { ...past, app: 'blog', q: 'timeout' })
    assert.deepEqual(await asked('--', '-healthcheck'), { ...past, app: 'shop', q: '-healthcheck' })
    assert.deepEqual(await asked('--all', 'timeout'), { limit: 100, q: 'timeout' })
    assert.match((await run('logs', '--help')).stdout, /\[APP\] \[SEARCH/)
  })

  test('in JSON are read out: what is said, then its fields; requests as one line; --raw leaves them', async () => {
    const fields = { level: 30, msg: 'paid', 'user.id': 42, note: 'a b' }
    const request = { at: 'x', method: 'GET', path: '/cart', status: 200, ms: 12.4, client: '10.0.0.7', host: 'shop.example' }
    const lines = [aLine(JSON.stringify(fields), { message: 'paid', fields }), aLine(JSON.stringify(request), { stream: 'access', instance: 'proxy', fields: request })]
    api.handlers['logs.list'] = () => ({ lines, partial: false, next: null })
    const [first, second] = (await run('logs')).stdout.split('\n')
    assert.match(first ?? '', / paid user\.id=42 note="a b"$/)
    assert.match(second ?? '', / GET \/cart 200 12 ms 10\.0\.0\.7 shop\.example$/)
    assert.ok((await run('logs', '--raw')).stdout.includes(JSON.stringify(request)))
  })

  test('patterns are a table, and say what a release brought', async () => {
    api.handlers['logs.patterns'] = () => ({ patterns: [{ pattern: 'cannot reach <ip>', count: 7, levels: { unknown: 0, debug: 0, info: 0, warn: 0, error: 7 }, firstAt: new Date().toISOString(), lastAt: new Date().toISOString(), spread: [], sample: aLine('x') }], since: new Date().toISOString(), until: new Date().toISOString(), lines: 10, compared: 90, partial: false })
    const { stdout, stderr } = await run('logs', 'patterns', 'blog', '--new-since', 'v12', 'level>=warn')
    assert.match(stdout, /lines {2}level {2}last +pattern\n +7 {2}error {2}just now {2}cannot reach <ip>/)
    assert.match(stderr, /of 10 lines, compared with 90/)
    assert.deepEqual(api.asked[0]?.query, { app: 'blog', environment: 'production', q: 'level>=warn', newSince: 'v12', limit: 30 })
  })

  test('are kept as long as it is said', async () => {
    api.handlers['logs.keep'] = () => ({ keep: { ms: 14 * 86_400_000, from: 'setting' }, size: { bytes: 2 * 1024 ** 3, from: 'default' }, held: { bytes: 1024, lines: 9, oldestAt: null } })
    const { stdout } = await run('logs', 'keep', '--for', '14d', '--size', 'default')
    assert.match(stdout, /kept for +14 d \(set here\)\nup to +2\.0 GB \(default\)\nheld +9 lines in 1\.0 KB/)
    assert.deepEqual(api.asked[0]?.body, { keep: '14d', size: null })
  })

  test('that are not sealed yet are not told as none', async () => {
    api.handlers['logs.keeping'] = () => ({ keep: { ms: 7 * 86_400_000, from: 'default' }, size: { bytes: 2 * 1024 ** 3, from: 'default' }, held: { bytes: 0, lines: 0, oldestAt: null } })
    assert.match((await run('logs', 'keep')).stdout, /held +no lines but those of the last minutes\n/)
  })

  test('-f are in the order of time, whichever machine was quicker', async () => {
    api.handlers['logs.list'] = () => ({ lines: [aLine('past', { cursor: 'c0' })], partial: false, next: null })
    api.handlers['logs.stream'] = async function* () {
      for (const cursor of ['c3', 'c0', 'c2', 'c4']) yield sent(aLine(`line ${cursor}`, { cursor }))
      await forever()
    }
    const following = start(['logs', '-f', '-a', 'shop'], { env: api.env })
    await following.says('line c4')
    following.child.kill('SIGINT')
    assert.deepEqual((await following.ended).stdout.trimEnd().split('\n').map((line) => line.split(' ').at(-1)), ['past', 'c2', 'c3', 'c4'])
  })

  test('as JSON are one object a line', async () => {
    const lines = [aLine('one'), aLine('two')]
    api.handlers['logs.list'] = () => ({ lines, partial: false, next: null })
    const { stdout } = await run('logs', '--json')
    assert.deepEqual(stdout.trimEnd().split('\n').map((text) => JSON.parse(text) as unknown), lines)
  })

  test('of all apps name the app, and ask for none', async () => {
    api.handlers['logs.list'] = () => ({ lines: [aLine('hello')], partial: false, next: null })
    assert.match((await run('logs', '--all')).stdout, /^shop /)
    assert.deepEqual(api.asked[0]?.query, { limit: 100 })
  })

  test('cannot play with the terminal', async () => {
    api.handlers['logs.list'] = () => ({ lines: [aLine('\x1b]0;owned\x07\x1b[2Jx')], partial: false, next: null })
    assert.match((await run('logs')).stdout, / x\n$/)
  })

  test('-f goes on where the connection broke, says so in one line, and loses and repeats nothing', async () => {
    api.handlers['logs.list'] = () => ({ lines: [aLine('past', { cursor: 'c0' })], partial: false, next: null })
    const tries: { lastEventId: string | undefined; after: unknown }[] = []
    api.handlers['logs.stream'] = async function* ({ lastEventId, query }) {
      tries.push({ lastEventId, after: query['after'] })
      if (tries.length === 1) {
        yield sent(aLine('one', { cursor: 'c1' }))
        yield 'break'
      }
      if (tries.length === 2) yield 'break'
      yield sent(aLine('two', { cursor: 'c2' }))
      await forever()
    }
    const following = start(['logs', '-f', '-a', 'shop'], { env: api.env })
    await following.says('two')
    following.child.kill('SIGINT')
    const { stdout, stderr } = await following.ended
    assert.deepEqual(stdout.trimEnd().split('\n').map((line) => line.split(' ').at(-1)), ['past', 'one', 'two'])
    assert.equal(stderr.match(/connection lost/g)?.length, 1)
    assert.deepEqual(tries, [{ lastEventId: undefined, after: 'c0' }, { lastEventId: 'c1', after: 'c1' }, { lastEventId: 'c1', after: 'c1' }])
  })

  test('-f survives a restart of the server itself', async () => {
    const port = (await using(startTestApi(), async (first) => {
      first.handlers['logs.list'] = () => ({ lines: [], partial: false, next: null })
      first.handlers['apps.read'] = () => anApp()
      first.handlers['logs.stream'] = async function* () {
        yield sent(aLine('before', { cursor: 'c1' }))
        await forever()
      }
      const following = start(['logs', '-f', '-a', 'shop'], { env: first.env })
      await following.says('before')
      return { port: first.port, following }
    }))
    await using second = await startTestApi({}, port.port)
    second.handlers['logs.stream'] = async function* ({ lastEventId }) {
      yield sent(aLine(`after ${lastEventId}`, { cursor: 'c2' }))
      await forever()
    }
    await port.following.says('after c1')
    port.following.child.kill('SIGINT')
    await port.following.ended
  })

  test('-f of a wrong address, or without permission, fails at once', async () => {
    assert.equal((await call(['logs', '-f', '-a', 'shop'], { env: { NIGHTSHIFT_URL: 'http://127.0.0.1:1', NIGHTSHIFT_TOKEN: 'x' } })).code, 1)
    assert.equal((await call(['logs', '-f', '-a', 'shop'], { env: { ...api.env, NIGHTSHIFT_TOKEN: 'wrong' } })).code, 1)
  })
})

async function using<T>(made: Promise<TestApi>, work: (api: TestApi) => Promise<T>): Promise<T> {
  await using one = await made
  return await work(one)
}

describe('events', () => {
  test('are shown newest last, of the app that is chosen', async () => {
    api.handlers['events.list'] = () => [anEvent(3, { kind: 'instance.exited' }), anEvent(2), anEvent(1)]
    const { stdout } = await run('events', '--kind', 'instance.exited', '-n', '3')
    assert.deepEqual(stdout.trimEnd().split('\n').map((line) => line.split(' ').at(-1)), ['1', '2', '3'])
    assert.deepEqual(api.asked[0]?.query, { app: 'shop', kind: 'instance.exited', limit: 3 })
  })

  test('-f goes on after the last one that was shown', async () => {
    api.handlers['events.list'] = () => [anEvent(7)]
    api.handlers['events.stream'] = async function* ({ query }) {
      yield { id: '8', data: anEvent(8, { summary: `after ${String(query['after'])}` }) } satisfies Sent<JournalEvent>
      await forever()
    }
    const following = start(['events', '-f', '--json'], { env: api.env })
    await following.says('after 7')
    following.child.kill('SIGINT')
    assert.deepEqual((await following.ended).stdout.trimEnd().split('\n').map((text) => (JSON.parse(text) as JournalEvent).id), [7, 8])
  })
})
