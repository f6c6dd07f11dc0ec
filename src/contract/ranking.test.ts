import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Rankable, fits, rank } from './ranking.ts'

const order = (things: Rankable[], query: string) => rank(things, query, (thing) => thing).map(({ item, fit }) => `${item.title} ${fit}`)

test('exact comes before beginning, beginning before the beginning of a word, and so on to letters in order', () => {
  const things: Rankable[] = [{ title: 'cxhxeck' }, { title: 'precheck' }, { title: 'web', context: ['check'] }, { title: 'my-check' }, { title: 'checkout' }, { title: 'check' }, { title: 'unlike' }]
  assert.deepEqual(order(things, ' Check '), ['check exact', 'checkout prefix', 'my-check word-prefix', 'web context', 'precheck inside', 'cxhxeck fuzzy'])
})

test('the name of an app narrows to its things, and further words to some of them', () => {
  const things: Rankable[] = [{ title: 'shop' }, { title: 'web', context: ['shop', 'production'] }, { title: 'worker', context: ['shop', 'staging'] }, { title: 'web', context: ['blog', 'production'] }, { title: 'sharp optics' }]
  assert.deepEqual(order(things, 'shop'), ['shop exact', 'web context', 'worker context'])
  assert.deepEqual(order(things, 'shop w st'), ['worker context'])
  assert.deepEqual(order(things, 'w shop prod'), ['web context'])
})

test('of equals the sick comes first, then the newer, then what stood first', () => {
  const things: Rankable[] = [{ title: 'web 1', atMs: 1 }, { title: 'web 2', atMs: 9 }, { title: 'web 3', sick: true }, { title: 'web 4', atMs: 9 }]
  assert.deepEqual(order(things, 'web'), ['web 3 prefix', 'web 2 prefix', 'web 4 prefix', 'web 1 prefix'])
})

test('an app comes before what is newer about it, as long as both fit alike', () => {
  assert.deepEqual(order([{ title: 'shop went down', order: 2, atMs: 9 }, { title: 'shopping', order: 1 }], 'shop'), ['shopping prefix', 'shop went down prefix'])
})

test('nothing is asked, nothing is found; two letters are not guessed about', () => {
  assert.deepEqual(order([{ title: 'web' }], '  '), [])
  assert.deepEqual(order([{ title: 'wxb' }], 'wb'), [])
})

const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '-', ' ', '1'), maxLength: 8 })
const thing = fc.record({ title: word, context: fc.array(word, { maxLength: 3 }), sick: fc.boolean(), atMs: fc.nat(5) })

test('whatever is there: only what was given, each once, by fit and then sick before well; its own title always finds it', () => {
  fc.assert(
    fc.property(fc.array(thing, { maxLength: 12 }), word, (things, query) => {
      const found = rank(things, query, (one) => one)
      assert.equal(new Set(found.map(({ item }) => item)).size, found.length)
      for (const [nth, { item, fit }] of found.entries()) {
        assert.ok(things.includes(item))
        const next = found[nth + 1]
        if (next !== undefined) assert.ok(fits.indexOf(fit) < fits.indexOf(next.fit) || (fit === next.fit && Number(item.sick) >= Number(next.item.sick)))
      }
      for (const one of things) if (one.title.trim() !== '' && one.title === one.title.trim()) assert.equal(rank(things, one.title, (each) => each)[0]?.fit, 'exact')
    }),
  )
})

test('a further word never finds more', () => {
  fc.assert(
    fc.property(fc.array(thing, { maxLength: 12 }), word.filter((text) => text.trim() !== ''), word, (things, query, more) => {
      const before = new Set(rank(things, query, (one) => one).map(({ item }) => item))
      for (const { item } of rank(things, `${query} ${more}`, (one) => one)) assert.ok(before.has(item))
    }),
  )
})
