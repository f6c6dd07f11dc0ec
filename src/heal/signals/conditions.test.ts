import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ago, dead, instance, machine, now, service } from '#heal/testing/samples.ts'
import { conditionsOf } from './conditions.ts'
import { nextSignals, noticed, stableMs } from './hold.ts'
import type { ServiceFacts } from './model.ts'
import { targetKey } from './model.ts'

const kinds = (one: ServiceFacts) => conditionsOf([one], [], now).map(({ kind }) => kind)
const three = (...instances: ReturnType<typeof instance>[]) => service('web', { wanted: 3, instances })
const starting = (name: string, secondsAgo: number) => instance(name, { state: 'starting', startedAt: ago(secondsAgo) })

/** So many answers of 5 to 10 ms, and so many of 1 to 2 s. */
const late = (quick: number, slow: number) => [0, 0, 0, quick, 0, 0, 0, 0, 0, 0, slow]
const quick = (count: number) => late(count, 0)
const slow = (extra: Partial<ServiceFacts>) => service('web', { requests: 60, errors: 0, latency: late(50, 10), recent: { requests: 300, errors: 0, latency: late(270, 30) }, usual: { requests: 1000, errors: 0, latency: quick(1000) }, ...extra })

const cases: [string, ServiceFacts, string[]][] = [
  ['all ready is well', service('web'), []],
  ['scaled to zero wants nothing', service('web', { wanted: 0, instances: [] }), []],
  ['none ready is down', service('web', { instances: [dead('web.1')] }), ['down']],
  ['none placed is down', service('web', { instances: [] }), ['down']],
  ['one that starts is on its way', service('web', { instances: [starting('web.1', 10)] }), []],
  ['one that starts for longer than it may is not', service('web', { instances: [starting('web.1', 70)] }), ['down']],
  ['one of three missing is degraded', three(instance('web.1'), instance('web.2'), dead('web.3')), ['degraded']],
  ['one of three starting is not', three(instance('web.1'), instance('web.2'), starting('web.3', 10)), []],
  ['a job that ended well is well', service('web', { instances: [instance('web.1', { state: 'exited', finished: true })] }), []],
  ['held is a crash loop, and down', service('web', { instances: [dead('web.1', { state: 'held' })] }), ['down', 'crash-loop']],
  ['held beside ready ones is a crash loop', three(instance('web.1'), instance('web.2'), dead('web.3', { state: 'held' })), ['degraded', 'crash-loop']],
  ['a quarter of the requests failing is failing', service('web', { requests: 40, errors: 10 }), ['failing']],
  ['little traffic says nothing', service('web', { requests: 19, errors: 19 }), []],
  ['some errors are everyday', service('web', { requests: 1000, errors: 200 }), []],
  ['a minute of calm after bad ones is over', service('web', { requests: 40, errors: 0, recent: { requests: 400, errors: 100, latency: [] } }), []],
  ['a share that lasts is failing, though no minute is terrible', service('web', { requests: 40, errors: 4, recent: { requests: 400, errors: 40, latency: [] } }), ['failing']],
  ['unless it is as usual', service('web', { requests: 40, errors: 4, recent: { requests: 400, errors: 40, latency: [] }, usual: { requests: 4000, errors: 380, latency: [] } }), []],
  ['and not unless it is surely worse than usual', service('web', { requests: 40, errors: 4, recent: { requests: 400, errors: 40, latency: [] }, usual: { requests: 4000, errors: 40, latency: [] } }), ['failing']],
  ['a few requests of ten minutes say nothing', service('web', { requests: 20, errors: 3, recent: { requests: 60, errors: 6, latency: [] } }), []],
  ['answers that take far longer than usual are slow', slow({}), ['slow']],
  ['not when the last minute is as usual', slow({ latency: quick(60) }), []],
  ['not when it is always so', slow({ usual: { requests: 1000, errors: 0, latency: late(900, 100) } }), []],
  ['not by one answer in a hundred', slow({ recent: { requests: 300, errors: 0, latency: late(297, 3) } }), []],
  ['not when there is little to compare with', slow({ usual: { requests: 100, errors: 0, latency: quick(100) } }), []],
  ['an alert of a check is told', service('web', { told: [{ title: 'shop answers', because: '503' }] }), ['alerting']],
  ['five falls in ten minutes flap', service('web', { faults: [500, 400, 300, 200, 100].map(ago) }), ['flapping']],
  ['what falls again before it stands is no flapping but a crash loop', service('web', { instances: [instance('web.1', { startedAt: ago(3) })], faults: [50, 40, 30, 20, 10].map(ago) }), []],
  ['nor what is not up now', service('web', { instances: [dead('web.1', { state: 'held' })], faults: [50, 40, 30, 20, 10].map(ago) }), ['down', 'crash-loop']],
  ['flaps that have ended do not', service('web', { faults: [590, 580, 570, 560, 550].map(ago) }), []],
  ['an instance ejected again and again is an outlier', three(instance('web.1'), instance('web.2'), instance('web.3')), []],
]
for (const [what, given, expected] of cases) test(what, () => assert.deepEqual(kinds(given), expected))

test('an outlier is one unlike the others; all of them are none', () => {
  const instances = [instance('web.1'), instance('web.2')]
  assert.deepEqual(conditionsOf([service('web', { wanted: 2, instances, ejections: { 'web.2': 3 } })], [], now).map((one) => [one.kind, one.instances]), [['outlier', ['ins_web.2']]])
  assert.deepEqual(kinds(service('web', { wanted: 2, instances, ejections: { 'web.1': 3, 'web.2': 3 } })), [])
})

test('machines: away with instances, and full', () => {
  const of = (...machines: ReturnType<typeof machine>[]) => conditionsOf([], machines, now).map(({ kind, target }) => [kind, targetKey(target)])
  assert.deepEqual(of(machine('m1')), [])
  assert.deepEqual(of(machine('m1', { connected: false, lastSeenAt: ago(60) })), [['machine-lost', 'machine:m1']])
  assert.deepEqual(of(machine('m1', { connected: false, lastSeenAt: ago(60), instances: 0 })), [])
  assert.deepEqual(of(machine('m1', { disk: { freeBytes: 1e9, totalBytes: 100e9 } })), [['disk-filling', 'machine:m1']])
  assert.deepEqual(of(machine('m1', { disk: { freeBytes: 3e9, totalBytes: 100e9 } })), [], 'three gigabytes are enough for now')
  assert.deepEqual(of(machine('m1', { disk: { freeBytes: 1e9, totalBytes: 4e9 } })), [], 'a quarter of a small disk is enough')
  assert.deepEqual(of(machine('m1', { disk: { freeBytes: 100e6, totalBytes: 1e9 } })), [['disk-filling', 'machine:m1']])
})

test('a condition becomes a signal after it has held, keeps its beginning over a flicker, and is over after it stayed away', () => {
  const down = conditionsOf([service('web', { instances: [dead('web.1')] })], [], now)
  const at = (seconds: number) => new Date(now.getTime() + seconds * 1000)
  const key = 'shop/production/web'
  let kept = nextSignals([], down, at(0))
  assert.equal(noticed(kept, key, at(10)).length, 0)
  kept = nextSignals(kept, down, at(16))
  assert.equal(noticed(kept, key, at(16))[0]?.kind, 'down')
  kept = nextSignals(kept, [], at(20))
  assert.equal(noticed(kept, key, at(25))[0]?.goneAt?.getTime(), at(20).getTime())
  kept = nextSignals(kept, down, at(30))
  assert.deepEqual(noticed(kept, key, at(30)).map(({ since, goneAt }) => [since, goneAt]), [[at(0), null]])
  kept = nextSignals(kept, [], at(40))
  assert.equal(nextSignals(kept, [], at(40 + stableMs / 1000)).length, 0)
})

test('what is kept does not depend on the order of what is seen', () => {
  const seen = conditionsOf([service('a', { instances: [dead('a.1')] }), service('b', { requests: 100, errors: 100 }), service('c', { wanted: 2, instances: [instance('c.1'), dead('c.2', { state: 'held' })] })], [machine('m1', { disk: { freeBytes: 1, totalBytes: 100e9 } })], now)
  const sorted = (signals: ReturnType<typeof nextSignals>) => signals.map((one) => `${targetKey(one.target)} ${one.kind}`).toSorted()
  fc.assert(fc.property(fc.shuffledSubarray(seen, { minLength: seen.length }), (shuffled) => assert.deepEqual(sorted(nextSignals([], shuffled, now)), sorted(nextSignals([], seen, now)))))
})
