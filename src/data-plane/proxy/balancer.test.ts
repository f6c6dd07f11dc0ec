import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { mayRecall, mayRetry, pickAmong, pickInstance, retryPauseMs, suspensionMs, warmth } from './balancer.ts'
import { Instance } from './instance.ts'

const make = (id: number, inFlight: number, suspendedUntil = 0) => {
  const instance = new Instance({ instance: `ins_${id}`, service: 's', release: 1, host: '127.0.0.1', port: 1, state: 'ready' })
  instance.inFlight = inFlight
  instance.suspendedUntil = suspendedUntil
  return instance
}

test('one is picked exactly when one is neither tried nor suspended, and never another', () => {
  const fleet = fc.array(fc.record({ inFlight: fc.nat(5), suspended: fc.boolean(), tried: fc.boolean() }), { maxLength: 8 })
  fc.assert(
    fc.property(fleet, fc.double({ min: 0, max: 0.999, noNaN: true }), (shapes, random) => {
      const all = shapes.map((shape, index) => make(index, shape.inFlight, shape.suspended ? 200 : 0))
      const tried = all.filter((_, index) => shapes[index]?.tried)
      const open = all.filter((_, index) => !shapes[index]?.tried && !shapes[index]?.suspended)
      const picked = pickInstance(all, tried, 100, () => random)
      assert.equal(picked !== undefined, open.length > 0)
      if (picked !== undefined) assert.ok(open.includes(picked))
      if (picked !== undefined && open.length <= 3) assert.equal(picked.inFlight, Math.min(...open.map((one) => one.inFlight)))
      if (picked !== undefined && open.length > 1) assert.ok(picked.inFlight < Math.max(...open.map((one) => one.inFlight)) || open.filter((one) => one.inFlight === picked.inFlight).length > 1)
    }),
  )
})

test('equal instances get equal shares', () => {
  for (const count of [2, 3, 5]) {
    const all = Array.from({ length: count }, (_, index) => make(index, 0))
    const shares = new Map<Instance | undefined, number>()
    for (let n = 0; n < 1_000 * count; n++) {
      const one = pickInstance(all, [], 0)
      shares.set(one, (shares.get(one) ?? 0) + 1)
    }
    for (const one of all) assert.ok(Math.abs((shares.get(one) ?? 0) - 1_000) < 200, `${count}: ${shares.get(one)}`)
  }
})

test('one that has just become ready gets a share that grows, among few and among many', () => {
  for (const count of [2, 3, 8]) {
    const all = Array.from({ length: count }, (_, index) => make(index, 0))
    const cold = all[0] as Instance
    cold.warmUp(0, 10_000)
    const sharesAt = [0, 2_500, 5_000, 10_000].map((nowMs) => {
      let picks = 0
      for (let n = 0; n < 4_000; n++) if (pickInstance(all, [], nowMs) === cold) picks++
      return picks / 4_000
    })
    const fair = 1 / count
    for (const [nth, expected] of [0.1, 0.25, 0.5, 1].entries()) assert.ok(Math.abs((sharesAt[nth] as number) / fair - expected) < 0.35, `${count}: ${sharesAt}`)
    assert.deepEqual([0, 2_500, 10_000].map((nowMs) => warmth(cold, nowMs)), [0.1, 0.25, 1])
  }
})

test('when all have just become ready, the least busy one is taken', () => {
  const all = [make(0, 3), make(1, 1), make(2, 2)]
  for (const one of all) one.warmUp(0, 10_000)
  for (let n = 0; n < 50; n++) assert.equal(pickInstance(all, [], 1), all[1])
})

test('an ejected instance is passed over, unless nobody else is there', () => {
  const [bad, good] = [make(0, 0), make(1, 9)]
  bad.ejected = true
  assert.equal(pickInstance([bad, good], [], 0), good)
  assert.equal(pickInstance([bad, good], [good], 0), bad)
  good.suspendedUntil = 100
  assert.equal(pickInstance([bad, good], [], 0), bad)
  assert.equal(pickAmong([bad], [], 0), undefined, 'of one side of a split nobody, so that the other side is asked')
})

test('a request is sent again only if it may be, is all at hand, was not answered, and has not been lost twice before', () => {
  const good = { answered: false, idempotent: true, replayable: true, retries: 1 }
  assert.equal(mayRetry(good), true)
  for (const change of [{ answered: true }, { idempotent: false }, { replayable: false }, { retries: 2 }]) assert.equal(mayRetry({ ...good, ...change }), false)
})

test('a request is recalled if it may be sent again, and once', () => {
  const good = { answered: false, idempotent: true, replayable: true, retries: 2 }
  assert.equal(mayRecall(good, 0), true)
  assert.equal(mayRecall(good, 1), false)
  for (const change of [{ answered: true }, { idempotent: false }, { replayable: false }]) assert.equal(mayRecall({ ...good, ...change }, 0), false)
})

test('an instance that has just lost a request gets it again at once only if the connection had been kept', () => {
  assert.deepEqual([retryPauseMs(true, 1), retryPauseMs(false, 1), retryPauseMs(false, 2)], [0, 50, 250])
})

test('who refuses again and again is passed over for longer, up to a second', () => {
  assert.deepEqual([1, 2, 3, 4, 5, 6, 50].map(suspensionMs), [50, 100, 200, 400, 800, 1_000, 1_000])
})
