import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { test } from 'node:test'
import fc from 'fast-check'
import { agentWorld, makeSlug } from '../testing/agent-world.ts'
import { until } from '../testing/helpers.ts'
import { instanceSpec } from '../testing/specs.ts'
import { parseDatagram, parseLine, statsdBounds, statsdTypes } from './parse.ts'
import { StatsdTotals, mostSamples, mostWords } from './totals.ts'

const said = (...lines: string[]) => {
  const totals = new StatsdTotals()
  for (const metric of parseDatagram(Buffer.from(lines.join('\n'))).metrics) totals.add(metric)
  return totals
}

test('a line is read with its rate and its tags, or not at all', () => {
  assert.deepEqual(parseLine('page.views:3|c|@0.1|#env:eu,beta,url:http://x'), { name: 'page.views', type: 'c', values: [{ text: '3', number: 3, relative: false }], weight: 10, tags: { env: 'eu', beta: 'true', url: 'http://x' } })
  assert.deepEqual(parseLine('t:1:2.5|ms|c:abc|T1700000000')?.values.map(({ number }) => number), [1, 2.5])
  assert.deepEqual(parseLine('who:a:b|s')?.values.map(({ text }) => text), ['a:b'])
  assert.deepEqual(parseLine('t:1|ms|#le:5,2x:y')?.tags, { exported_le: '5', _2x: 'y' })
  for (const bad of ['', ':1|c', 'a', 'a:|c', 'a:1', 'a:1|x', 'a:1|c|@0', 'a:1|c|@2', 'a:1|g|@0.5', 'a:NaN|g', 'a:0x1|c', 'a:1e999|c', 'a:1|c|what', '_e{1,1}:a|b', '_sc|a|0', 'ä:1|c', `${'a'.repeat(200)}:1|c`, `a:1|c|#${'t,'.repeat(30)}`]) assert.equal(parseLine(bad), null, bad)
})

test('whatever is sent, reading it ends, and only what is of the grammar is taken', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
    const { metrics, bad } = parseDatagram(Buffer.from(bytes))
    return bad >= 0 && metrics.every((one) => one.weight >= 1 && one.values.every(({ number }) => Number.isFinite(number)))
  }))
  const line = fc.record({ name: fc.stringMatching(/^[a-z][a-z0-9.]{0,20}$/), type: fc.constantFrom(...statsdTypes), value: fc.integer({ min: 0, max: 1e6 }), tags: fc.dictionary(fc.stringMatching(/^[a-d]{1,5}$/), fc.stringMatching(/^[a-z0-9:/.-]{1,20}$/), { maxKeys: 5 }) })
  fc.assert(fc.property(line, ({ name, type, value, tags }) => {
    const read = parseLine(`${name}:${value}|${type}|#${Object.entries(tags).map(([key, of]) => `${key}:${of}`).join(',')}`)
    assert.deepEqual([read?.name, read?.type, read?.values[0]?.text, read?.tags], [name, type, String(value), Object.fromEntries(Object.entries(tags))])
  }))
})

test('counters add by their rate, gauges are set and moved, sets count words, times become buckets of seconds', () => {
  const totals = said('a.b:2|c', 'a.b:1|c|@0.5', 'g:5|g', 'g:-2|g', 'g:+1|g', 'who:x|s', 'who:y|s', 'who:x|s', 'wait_ms:250|ms|@0.5', 'size:2000|d')
  const { samples } = totals.takeSamples()
  const value = (name: string, le?: string) => samples.find((one) => one[0] === name && one[1]['le'] === le)?.[3]
  assert.deepEqual([value('a_b_total'), value('g'), value('who')], [4, 4, 2])
  assert.deepEqual([value('wait_seconds_bucket', '0.1'), value('wait_seconds_bucket', '0.25'), value('wait_seconds_bucket', '+Inf'), value('wait_seconds_sum'), value('wait_seconds_count')], [0, 2, 2, 0.5, 2])
  assert.deepEqual([value('size_bucket', '1000'), value('size_bucket', '10000')], [0, 1])
  assert.deepEqual(totals.takeSamples().samples, [['g', {}, 'gauge', 4]])
})

test('the order of lines does not matter to what adds up', () => {
  const one = fc.tuple(fc.constantFrom('a:1|c', 'a:2|c|@0.5', 'b:250|ms', 'b:500|ms', 'c:1|c|#x:y'))
  fc.assert(fc.property(fc.array(one, { maxLength: 40 }), (lines) => {
    const texts = lines.map(([text]) => text)
    const sorted = (totals: StatsdTotals) => totals.takeSamples().samples.map((sample) => JSON.stringify(sample)).sort()
    assert.deepEqual(sorted(said(...texts)), sorted(said(...texts.toReversed())))
  }))
})

test('series and words are bounded, what is left out is counted, and room is made again', () => {
  const totals = new StatsdTotals()
  const add = (line: string) => totals.add(parseLine(line) as NonNullable<ReturnType<typeof parseLine>>)
  for (let nth = 0; nth < mostSamples + 10; nth++) add(`a:1|c|#id:${nth}`)
  const { samples, refused } = totals.takeSamples()
  assert.deepEqual([samples.length, refused], [mostSamples, 10])
  for (let nth = 0; nth < mostWords + 3; nth++) add(`who:${nth}|s`)
  assert.deepEqual(totals.takeSamples(), { samples: [['who', {}, 'gauge', mostWords]], refused: 3 })
})

test('an instance sends to a port of its own, which outlives the agent and is closed when the instance is gone', async () => {
  await using world = await agentWorld('process')
  const script = `const {STATSD_HOST: h, STATSD_PORT: p} = process.env; console.log('statsd ' + h + ' ' + p); const s = require('node:dgram').createSocket('udp4'); setInterval(() => s.send('beat:1|c|#from:app\\nload:0.5|g', p, h), 20)`
  const artifact = await makeSlug(world.home, { 'app.js': script })
  await world.startAgent({ statsPeriodMs: 100 })
  const spec = instanceSpec('ins_a', { artifact, command: { kind: 'argv', argv: [process.execPath, 'app.js'] }, port: null, health: { kind: 'none', settleMs: 10, startupMs: 5_000 } })
  world.control.desire([spec])
  const from = (name: string) => world.control.scrapes.filter(({ source, samples }) => source === 'statsd' && samples.some(([called]) => called === name))
  await until(() => from('beat_total').length > 1, { because: 'what it sends arrives' })
  const batch = from('beat_total')[0]
  assert.deepEqual([batch?.app, batch?.service, batch?.instance], [spec.app, spec.service, spec.name])
  assert.deepEqual(batch?.samples.find(([name]) => name === 'beat_total')?.slice(1, 3), [{ from: 'app' }, 'delta'])
  const said = () => /statsd 127\.0\.0\.1 (\d+)/.exec([...world.control.logs.values()].flatMap(({ entries }) => entries).map((entry) => JSON.stringify(entry)).join('\n'))
  await until(() => said() !== null, { because: 'what it printed arrives' })
  const port = Number(said()?.[1])

  const outside = createSocket('udp4')
  const send = (bytes: string | Buffer) => outside.send(bytes, port, '127.0.0.1')
  // a datagram may be lost: both are sent until they are seen
  const again = setInterval(() => {
    send('by.hand:7|g')
    send(Buffer.alloc(statsdBounds.datagramBytes + 1, 'x'))
  }, 100)
  try {
    await until(() => from('by_hand').length > 0, { because: 'whoever reaches the port may send' })
    await until(() => world.control.scrapes.some(({ bad }) => bad > 0), { because: 'what is too large is counted' })
  } finally {
    clearInterval(again)
  }

  await world.startAgent({ statsPeriodMs: 100 })
  const before = world.control.scrapes.length
  await until(() => world.control.scrapes.slice(before).some(({ samples }) => samples.some(([name]) => name === 'beat_total')), { because: 'the next agent listens on the same port' })
  world.control.desire([])
  await until(() => world.control.observed().length === 0, { because: 'it is gone' })
  await until(() => new Promise<boolean>((resolve) => {
    const probe = createSocket('udp4').once('error', () => resolve(false))
    probe.bind({ port, address: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)))
  }), { because: 'its port is free' })
  outside.close()
})
