import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Copies } from './copies.ts'
import { type Copy, copyOf } from './copy.ts'
import { CopyBody } from './copy-body.ts'
import type { ResponseHead } from './response-head.ts'

const head: ResponseHead = { status: 200, reason: ' OK', kept: '', contentLength: -1, chunked: false, persistent: true, keepAliveMs: -1, upgrade: null, hasRequestId: false }

function copy(key: string, bytes: number): Copy {
  const made = copyOf({ key, service: 'shop/production/web', hostname: 'shop.localhost', path: '/' }, { method: 'GET', url: '/', headers: { host: 'shop.localhost' } }, head)
  return { ...(made as Copy), body: Buffer.alloc(bytes), bytes }
}

function startCopies(copyBytes: number, copyEntryBytes = copyBytes): Copies {
  const copies = new Copies({ copyBytes, copyEntryBytes })
  copies.follow(() => true)
  return copies
}

test('whatever is put, replaced, forgotten and taken, memory stays in its bound and is counted right', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('put' as const), key: fc.nat(5), bytes: fc.nat(400) }),
    fc.record({ do: fc.constant('touch' as const), key: fc.nat(5), bytes: fc.constant(0) }),
    fc.record({ do: fc.constant('forget' as const), key: fc.nat(5), bytes: fc.constant(0) }),
    fc.record({ do: fc.constant('replace' as const), key: fc.nat(5), bytes: fc.nat(400) }),
    fc.record({ do: fc.constant('take' as const), key: fc.nat(5), bytes: fc.nat(400) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const copies = startCopies(1_000)
      const bodies: CopyBody[] = []
      const kept = () => Array.from({ length: 6 }, (_, key) => copies.of(String(key))).flat()
      for (const { do: what, key: number, bytes } of steps) {
        const key = String(number)
        if (what === 'put') copies.put(copy(key, bytes), [])
        else if (what === 'replace') copies.put(copy(key, bytes), copies.of(key))
        else if (what === 'forget') copies.forget(key)
        else if (what === 'touch') for (const one of copies.of(key)) copies.touch(one)
        else {
          const body = new CopyBody(copies, false)
          body.add(Buffer.alloc(bytes))
          bodies.push(body)
        }
        assert.ok(copies.bytes <= 1_000)
      }
      for (const body of bodies) body.drop()
      assert.equal(copies.bytes, kept().reduce((sum, one) => sum + one.bytes, 0))
    }),
  )
})

test('the copy that was not used for longest goes first', () => {
  const copies = startCopies(4_000)
  for (const key of ['a', 'b', 'c']) copies.put(copy(key, 1_000), [])
  copies.touch(copies.of('a')[0] as Copy)
  copies.put(copy('d', 1_000), [])
  assert.deepEqual(['a', 'b', 'c', 'd'].map((key) => copies.of(key).length), [1, 0, 1, 1])
})

test('one page has a bounded number of copies, the newest', () => {
  const copies = startCopies(1_000_000)
  for (let n = 1; n <= 40; n++) copies.put(copy('a', n), [])
  assert.deepEqual(copies.of('a').map(({ bytes }) => bytes), Array.from({ length: 16 }, (_, nth) => 40 - nth))
})

test('what is not served is forgotten, and not kept when it comes in late', () => {
  const copies = startCopies(100_000)
  copies.put(copy('a', 1_000), [])
  copies.follow(() => false)
  copies.put(copy('a', 1_000), [])
  assert.deepEqual([copies.of('a').length, copies.bytes], [0, 0])
})

test('a body that grows beyond the bound of one, or of all that are being taken, is let go', () => {
  const copies = startCopies(4_000, 600)
  const long = new CopyBody(copies, false)
  assert.deepEqual([long.add(Buffer.alloc(600)), long.add(Buffer.alloc(1)), copies.bytes], [true, false, 0])
  const two = [new CopyBody(copies, false), new CopyBody(copies, false)] as const
  assert.deepEqual([two[0].add(Buffer.alloc(600)), two[1].add(Buffer.alloc(600)), copies.bytes], [true, false, 600])
  assert.equal(two[0].whole().length, 600)
  assert.equal(copies.bytes, 0)
})

test('a chunk-coded body is kept as content, cut anywhere', () => {
  const coded = '4;a=b\r\none \r\n3\r\ntwo\r\n0\r\nx: y\r\n\r\n'
  fc.assert(
    fc.property(fc.array(fc.nat(coded.length), { maxLength: 6 }), (cuts) => {
      const body = new CopyBody(startCopies(4_000), true)
      const at = [0, ...cuts.sort((a, b) => a - b), coded.length]
      for (let n = 1; n < at.length; n++) assert.ok(body.add(Buffer.from(coded.slice(at[n - 1], at[n]))))
      assert.equal(body.whole().toString(), 'one two')
    }),
  )
})
