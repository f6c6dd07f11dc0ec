import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ChunkWalker } from './chunked.ts'

type Walk = { content: string; trailers: string; rest: string; done: boolean; fault: string | null }

/** Walks `bytes` cut into pieces of the given sizes. */
function walk(bytes: Buffer, cuts: readonly number[]): Walk {
  const walker = new ChunkWalker()
  let content = ''
  let at = 0
  let index = 0
  while (at < bytes.length && !walker.done) {
    const size = Math.max(1, cuts[index++ % Math.max(1, cuts.length)] ?? bytes.length)
    const piece = bytes.subarray(at, at + size)
    const end = walker.walk(piece, 0, (from, to) => {
      content += piece.toString('latin1', from, to)
    })
    if (end === -1) return { content: '', trailers: '', rest: '', done: false, fault: walker.fault }
    at += walker.done ? end : piece.length
  }
  return { content, trailers: walker.trailers, rest: bytes.toString('latin1', at), done: walker.done, fault: null }
}

const token = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,8}$/)
const extension = fc.oneof(
  token.map((name) => `;${name}`),
  fc.tuple(token, token).map(([name, value]) => `;${name}=${value}`),
  fc.tuple(token, fc.stringMatching(/^[ a-z0-9;=]{0,8}$/)).map(([name, value]) => `;${name}="${value}"`),
)
const chunk = fc.record({ data: fc.string({ minLength: 1, maxLength: 40, unit: 'binary-ascii' }), extensions: fc.array(extension, { maxLength: 2 }), upper: fc.boolean(), zeros: fc.nat(2) })
const trailer = fc.tuple(fc.stringMatching(/^X-[a-z]{1,8}$/), fc.stringMatching(/^[ -~]{0,12}$/)).map(([name, value]) => `${name}:${value}\r\n`)
const message = fc.record({ chunks: fc.array(chunk, { maxLength: 6 }), trailers: fc.array(trailer, { maxLength: 3 }), rest: fc.string({ maxLength: 20, unit: 'binary-ascii' }) })
const cuts = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 20 })

function encode({ chunks, trailers, rest }: typeof message extends fc.Arbitrary<infer T> ? T : never): Buffer {
  let text = ''
  for (const { data, extensions, upper, zeros } of chunks) {
    const size = data.length.toString(16)
    text += `${'0'.repeat(zeros)}${upper ? size.toUpperCase() : size}${extensions.join('')}\r\n${data}\r\n`
  }
  return Buffer.from(`${text}0\r\n${trailers.join('')}\r\n${rest}`, 'latin1')
}

test('any well-formed chunked body is read the same however it is cut, and what follows is left alone', () => {
  fc.assert(
    fc.property(message, cuts, (one, pieces) => {
      const bytes = encode(one)
      const whole = walk(bytes, [bytes.length])
      assert.equal(whole.done, true)
      assert.equal(whole.content, one.chunks.map(({ data }) => data).join(''))
      assert.equal(whole.trailers, one.trailers.join(''))
      assert.equal(whole.rest, one.rest)
      assert.deepEqual(walk(bytes, pieces), whole)
    }),
    { numRuns: 500 },
  )
})

test('any bytes at all get the same verdict however they are cut', () => {
  const broken = fc.tuple(message, fc.nat(), fc.integer({ min: 0, max: 255 })).map(([one, where, byte]) => {
    const bytes = encode(one)
    bytes[where % bytes.length] = byte
    return bytes
  })
  fc.assert(
    fc.property(broken, cuts, (bytes, pieces) => {
      const whole = walk(bytes, [bytes.length])
      const cut = walk(bytes, pieces)
      assert.equal(cut.fault, whole.fault)
      assert.deepEqual(cut, whole)
    }),
    { numRuns: 1_000 },
  )
})

test('a body that stops early is neither done nor at fault', () => {
  const bytes = Buffer.from('3\r\nabc\r\n0\r\nX: y\r\n\r\n')
  for (let length = 0; length < bytes.length; length++) {
    const walker = new ChunkWalker()
    assert.equal(walker.walk(bytes.subarray(0, length), 0), length)
    assert.equal(walker.done, false)
  }
})
