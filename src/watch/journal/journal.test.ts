import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { JournalEvent } from '#contract/model.ts'
import type { Fact } from '#contract/wire.ts'
import { createBell } from '#kernel/bell.ts'
import { journalChannel, record } from '#kernel/journal.ts'
import { fileDatabase } from '#test/harness/postgres.ts'
import { until } from '#test/harness/wait.ts'
import { type EventFilter, listEvents, streamEvents } from './read.ts'
import { sentenceOf } from './sentences.ts'
import { ingestFacts } from './service.ts'

const changed = createBell()
const db = await fileDatabase({ max: 20 })
before(async () => {
  db.listen(journalChannel, () => changed.ring())
})

const now = new Date()
function fact(id: string, extra: Partial<Fact> = {}): Fact {
  return { id, at: now.toISOString(), kind: 'instance.exited', app: 'shop', environment: 'production', service: 'web', instance: 'ins_1', release: 2, data: { name: 'web.1', code: 1, ranMs: 200_000 }, ...extra }
}
const told: [Partial<Fact>, string][] = [
  [{}, 'shop/web.1 exited with code 1 after 3 min 20 s'],
  [{ environment: 'staging' }, 'shop/staging/web.1 exited with code 1 after 3 min 20 s'],
  [{ data: { name: 'web.1', signal: 'SIGSEGV', code: null, ranMs: 900 } }, 'shop/web.1 was ended by SIGSEGV after 900 ms'],
  [{ data: { name: 'web.1', oom: true, signal: 'SIGKILL' } }, 'shop/web.1 was killed for using more memory than it may'],
  [{ kind: 'instance.ready', data: { name: 'web.1', afterMs: 340 } }, 'shop/web.1 is ready after 340 ms'],
  [{ kind: 'instance.held', data: { name: 'web.1', because: '5 restarts within 1 min' } }, 'shop/web.1 is held after too many restarts: 5 restarts within 1 min'],
  [{ kind: 'instance.ejected', data: { name: 'web.1', forMs: 20_000, because: '12 of 24 requests failed, at its peers 0 of 80' } }, 'shop/web.1 gets no requests for 20 s: 12 of 24 requests failed, at its peers 0 of 80'],
  [{ kind: 'instance.readmitted', data: { name: 'web.1', because: 'its time is over, after 20 s' } }, 'shop/web.1 gets requests again: its time is over, after 20 s'],
  [{ kind: 'edge.opened', instance: null, data: { from: 'web', to: 'api', because: '30 of 40 failed' } }, 'calls from web to api in shop are refused at once: 30 of 40 failed'],
  [{ kind: 'edge.closed', instance: null, environment: 'staging', data: { from: 'web', to: 'api', because: 'a trial was answered' } }, 'calls from web to api in shop/staging pass again: a trial was answered'],
  [{ data: { name: 'web.1', signal: 'SIGKILL', cause: 'killed', ranMs: 900 } }, 'shop/web.1 was ended by SIGKILL after 900 ms, not by Nightshift'],
  [{ kind: 'instance.stopped', data: { name: 'web.1', because: 'a restart was asked for', signal: 'SIGKILL', ignored: { signal: 'SIGTERM', graceMs: 30_000 } } }, 'shop/web.1 was stopped: a restart was asked for; it did not end within 30 s of SIGTERM, and was killed'],
  [{ kind: 'instance.traced', data: { name: 'web.1', trace: 'the engine knows: destroy at 03:07:12 (UTC), not by whom' } }, 'of the end of shop/web.1 the engine knows: destroy at 03:07:12 (UTC), not by whom'],
  [{ kind: 'instance.started', data: {} }, 'shop/ins_1 was started'],
]
for (const [extra, sentence] of told) test(`a fact is told as: ${sentence}`, () => assert.equal(sentenceOf(fact('x', extra)), sentence))

test('a fact becomes one event, however often it is told, under the name people know', async () => {
  const batch = { machine: 'm1', facts: [fact('f1'), fact('f2', { kind: 'instance.ready' })] }
  assert.deepEqual(await ingestFacts(db, batch, now), { stored: 2, known: 0, refused: [] })
  assert.deepEqual(await ingestFacts(db, { ...batch, facts: [...batch.facts, fact('f3')] }, now), { stored: 1, known: 2, refused: [] })
  const events = await listEvents(db, { app: 'shop' }, { limit: 10 })
  assert.equal(events.length, 3)
  const { id, ...event } = events.at(-1) as JournalEvent
  assert.deepEqual(event, {
    at: now.toISOString(), kind: 'instance.exited', actor: { kind: 'agent', name: 'm1' }, app: 'shop', environment: 'production', service: 'web', instance: 'web.1', machine: 'm1',
    release: 2, cause: null, summary: 'shop/web.1 exited with code 1 after 3 min 20 s', data: { code: 1, ranMs: 200_000, id: 'ins_1' },
  })
})

test('a fact that cannot be stored is refused alone', async () => {
  const bad = [
    fact('b1', { kind: 'token.created' }), fact('b2', { kind: 'nonsense' }), fact('b3', { at: 'once' }), fact('', {}), fact('b5', { release: 1.5 }),
    fact('b6', { data: { much: 'x'.repeat(20_000) } }), null as unknown as Fact, fact('b8', { data: 'text' as unknown as Record<string, unknown> }),
  ]
  const result = await ingestFacts(db, { machine: 'm1', facts: [...bad, fact('good', { app: 'alone' })] }, now)
  assert.deepEqual([result.stored, result.refused.length], [1, bad.length])
  assert.equal((await listEvents(db, { app: 'alone' }, { limit: 10 })).length, 1)
})

test('what PostgreSQL cannot store is made storable, and the future is now', async () => {
  const result = await ingestFacts(db, { machine: 'm\0', facts: [fact('odd', { app: 'odd', at: '2199-01-01T00:00:00Z', data: { name: 'web.1', because: 'a\0b \ud800', deep: [{ 'k\0': '\0' }] } })] }, now)
  assert.deepEqual(result, { stored: 1, known: 0, refused: [] })
  const [event] = await listEvents(db, { app: 'odd' }, { limit: 1 })
  assert.deepEqual([event?.at, event?.data['because']], [now.toISOString(), 'a\ufffdb \ufffd'])
})

test('a machine whose clock is wrong tells when it was by ours, and one that says nonsense as it says', async () => {
  const tell = async (app: string, at: string, sentAt: string) => {
    await ingestFacts(db, { machine: 'm1', sentAt, facts: [fact(`clock-${app}`, { app, at })] }, now)
    return (await listEvents(db, { app }, { limit: 1 }))[0]?.at
  }
  const ago = (ms: number) => new Date(now.getTime() - ms).toISOString()
  assert.equal(await tell('behind', ago(605_000), ago(600_000)), ago(5_000))
  assert.equal(await tell('ahead', ago(-595_000), ago(-600_000)), ago(5_000))
  assert.equal(await tell('boots', new Date(1_000).toISOString(), new Date(6_000).toISOString()), ago(5_000), 'in 1970')
  assert.equal(await tell('near', ago(1_500), ago(1_000)), ago(1_500), 'the way here takes time')
  for (const nonsense of ['once', '+270000-01-01T00:00:00Z']) assert.equal(await tell(nonsense.slice(0, 3), ago(1_000), nonsense), ago(1_000))
})

const say = (app: string | null, summary: string, kind: JournalEvent['kind'] = 'app.created') => db.transaction((tx) => record(tx, { at: new Date(), kind, actor: { kind: 'system', name: 'test' }, app, environment: app === null ? null : 'production', summary }))

test('events are listed newest first, page by page, by app, kind and first word of a kind', async () => {
  for (let nth = 0; nth < 7; nth++) await say('pages', `p${nth}`, nth % 2 === 0 ? 'app.started' : 'config.changed')
  const first = await listEvents(db, { app: 'pages' }, { limit: 4 })
  const second = await listEvents(db, { app: 'pages' }, { limit: 4, before: first.at(-1)?.id })
  assert.deepEqual([...first, ...second].map((event) => event.summary), ['p6', 'p5', 'p4', 'p3', 'p2', 'p1', 'p0'])
  assert.equal((await listEvents(db, { app: 'pages', kind: 'app' }, { limit: 10 })).length, 4)
  assert.equal((await listEvents(db, { app: 'pages', kind: 'config.changed' }, { limit: 10 })).length, 3)
  assert.equal((await listEvents(db, { app: 'pages', kind: 'con' }, { limit: 10 })).length, 0)
  assert.equal((await listEvents(db, { app: 'pages', kind: '%' }, { limit: 10 })).length, 0)
})

test('a caller limited to some apps sees neither other apps nor what is of no app', async () => {
  await say(null, 'machine matters', 'machine.connected')
  assert.ok((await listEvents(db, { apps: ['pages'] }, { limit: 100 })).every((event) => event.app === 'pages'))
  assert.deepEqual(await listEvents(db, { apps: [] }, { limit: 100 }), [])
})

function follow(filter: EventFilter, last?: number) {
  const abort = new AbortController()
  const events: JournalEvent[] = []
  const done = (async () => {
    for await (const event of streamEvents({ db, changed }, filter, last, abort.signal)) events.push(event)
  })()
  return { events, async end() { abort.abort(); await done } }
}

test('a stream has every event once and in order, also when many write at the same time', async () => {
  await say('live', 'start')
  const from = (await listEvents(db, { app: 'live' }, { limit: 1 }))[0]?.id
  const streams = [follow({ app: 'live' }, from), follow({}, from), follow({ apps: ['live'] }, from)]
  await Promise.all(Array.from({ length: 8 }, async (_, writer) => {
    for (let nth = 0; nth < 25; nth++) await say(nth % 5 === 0 ? 'other' : 'live', `${writer}:${nth}`)
  }))
  await say('live', 'end')
  for (const [nth, stream] of streams.entries()) {
    await until(() => stream.events.at(-1)?.summary === 'end', { because: 'the stream ends with the last event' })
    assert.equal(stream.events.length, nth === 1 ? 201 : 161)
    const ids = stream.events.map((event) => event.id)
    assert.deepEqual(ids, [...new Set(ids)].sort((a, b) => a - b))
    await stream.end()
  }
  const middle = streams[0]?.events[80] as JournalEvent
  const resumed = follow({ app: 'live' }, middle.id)
  await until(() => resumed.events.at(-1)?.summary === 'end', { because: 'it has caught up' })
  assert.deepEqual(resumed.events.map((event) => event.id), streams[0]?.events.slice(81).map((event) => event.id))
  await resumed.end()
})
