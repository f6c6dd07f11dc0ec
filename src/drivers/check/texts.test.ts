import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { checkKindSpecs } from '#contract/check-kinds.ts'
import { matches, searchFor, textOf } from './texts.ts'

const signal = new AbortController().signal

test('plain text is looked for as it is, a pattern by its flags', async () => {
  const found = (text: string, pattern: string) => matches(text, pattern, signal)
  assert.deepEqual(await Promise.all([found('a.b', 'a.b'), found('axb', 'a.b'), found('axb', '/a.b/'), found('AXB', '/a.b/i'), found('one\ntwo', '/^two$/m'), found('one\ntwo', '/^two$/'), found('one\ntwo', '/one.two/s'), found('/up', '/up')]), [true, false, true, true, true, false, true, true])
})

test('an answer that comes bit by bit is found where the whole is', () =>
  fc.assert(
    fc.asyncProperty(fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'é', '日', '\n'), maxLength: 4 }), { maxLength: 5 }), fc.constantFrom('ab', 'aé', '/a+b$/', '/^é/', '/日/', '/b\\n/'), async (parts, pattern) => {
      const search = searchFor(pattern, signal)
      let isFound = await search.more('')
      for (const part of parts) isFound = (await search.more(part)) || isFound
      // what comes may match on the way, as `$` looks at what has come so far
      const whole = await Promise.all(parts.map((_, nth) => matches(parts.slice(0, nth + 1).join(''), pattern, signal)))
      assert.equal(isFound, whole.includes(true))
    }),
  ))

test('bytes of one character may come apart', () => {
  const text = textOf()
  assert.equal([...Buffer.from('a日b')].map((byte) => text(Buffer.from([byte]))).join(''), 'a日b')
})

test('a pattern that has much to do lets others have their turn, and ends with its check', async () => {
  // each character leads to a set of places that was not there before
  const hard = '/a[ab]{90}c/'
  const text = [...randomBytes(200_000)].map((byte) => (byte % 2 === 0 ? 'a' : 'b')).join('')
  const ending = new AbortController()
  let turns = 0
  const other = setInterval(() => ++turns === 3 && ending.abort(new Error('its time is over')), 0)
  try {
    await assert.rejects(matches(text.repeat(5), hard, ending.signal), /its time is over/)
  } finally {
    clearInterval(other)
  }
})

test('a pattern that cannot be matched is refused when the check is made, with the way out', () => {
  const refused = (config: Record<string, unknown>) => checkKindSpecs.http.config.safeParse({ url: '/up', ...config }).error?.issues[0]
  assert.match(refused({ body: '/(?!error)/' })?.message ?? '', /\(\?! looks ahead, which is not supported \(.*absent in a check\)/)
  assert.deepEqual(refused({ header: ['content-type: json', 'x-a: /(a)\\1/'] })?.path, ['header', 1])
  assert.equal(refused({ body: '/total: \\d+/', header: ['x-a', 'server: /nginx/i'] }), undefined)
})
