import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type Query, type Term, fields, isPositive, kinds, printQuery } from './ast.ts'
import { type Thing, matches } from './match.ts'
import { parseQuery } from './parse.ts'

const word = fc.stringMatching(/^[a-c.1/*-]{1,5}$/)
const anyText = fc.oneof(word, fc.string({ unit: 'grapheme', maxLength: 8 }), fc.constantFrom('and', 'OR', 'not', '', '-', 'a b', 'tag:db', '"', '\\', 'a"b\\'))
const term: fc.Arbitrary<Term> = fc
  .record({ field: fc.option(fc.constantFrom(...fields.filter((field) => field !== 'kind'))), text: anyText, wild: fc.boolean() })
  .map(({ field, text, wild }) => {
    const literal = !(wild && text.includes('*') && !/[\s()"]/.test(text) && !(field === null && (text.startsWith('-') || text.includes(':'))))
    return { is: 'term', field, text, literal }
  })
const query = fc.letrec<{ query: Query; and: Query; or: Query; not: Query; term: Query }>((tie) => ({
  query: fc.oneof({ maxDepth: 4 }, tie('term'), tie('not'), tie('and'), tie('or')),
  not: tie('query').map((of): Query => ({ is: 'not', of })),
  // as the parser joins them: no "and" directly in an "and"
  and: fc.array(fc.oneof({ maxDepth: 4 }, tie('term'), tie('not'), tie('or')), { minLength: 2, maxLength: 3 }).map((of): Query => ({ is: 'and', of })),
  or: fc.array(fc.oneof({ maxDepth: 4 }, tie('term'), tie('not'), tie('and')), { minLength: 2, maxLength: 3 }).map((of): Query => ({ is: 'or', of })),
  term,
})).query
const values = fc.array(fc.oneof(word, anyText), { maxLength: 3 })
const thing: fc.Arbitrary<Thing> = fc.record({ kind: fc.constantFrom(...kinds, null), names: values, fields: fc.record({ app: values, env: values, service: values, tag: values, machine: values }, { requiredKeys: [] }) })

/** By the definition, with nothing clever. */
function naively(one: Query, of: Thing): boolean {
  if (one.is === 'not') return !naively(one.of, of)
  if (one.is === 'and') return !one.of.some((each) => !naively(each, of))
  if (one.is === 'or') return one.of.filter((each) => naively(each, of)).length > 0
  const all = one.field === null ? of.names : one.field === 'kind' ? [of.kind] : (of.fields[one.field] ?? [])
  const parts = one.literal ? [one.text] : one.text.split('*')
  const pattern = new RegExp(`^${parts.map((part) => part.toLowerCase().replaceAll(/[.*+?^${}()|[\]\\/-]/g, '\\$&')).join('[^]*')}$`)
  return all.some((value) => value !== null && pattern.test(value.toLowerCase()))
}

/** As far apart as the generator's depth allows, queries stay below the limits. */
const small = query.filter((one) => printQuery(one).length < 900)

describe('the query language', () => {
  test('what is printed is parsed to the same tree', () => {
    fc.assert(fc.property(small, (one) => assert.deepEqual(parseQuery(printQuery(one)), one)), { numRuns: 2000 })
  })

  test('matching is what the definition says', () => {
    fc.assert(fc.property(small, thing, (one, of) => assert.equal(matches(one, of), isPositive(one) && naively(one, of))), { numRuns: 3000 })
  })

  test('no text breaks it: it is parsed, or refused with a column and a way out', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ maxLength: 40 }), fc.array(fc.constantFrom('(', ')', '-', '"', 'a', ' ', 'or', 'and', 'tag:', '*', '\\'), { maxLength: 20 }).map((parts) => parts.join(''))), (text) => {
        try {
          parseQuery(text)
        } catch (error) {
          assert.match((error as Error).message, /^the query, at column \d+: /)
        }
      }),
      { numRuns: 2000 },
    )
  })

  const shop: Thing = { kind: 'instance', names: ['web.1', 'shop/web.1'], fields: { app: ['shop'], env: ['production'], service: ['web'], machine: ['n1'], tag: ['db', 'eu west'], release: ['12', 'v12'], state: ['ready'] } }

  for (const [text, expected] of [
    ['tag:db -node:test* app:shop', true],
    ['tag:db -node:n* app:shop', false],
    ['TAG:DB', true],
    ['web.1', true],
    ['web', false],
    ['web*', true],
    ['shop/web.1', true],
    ['tag:"eu west"', true],
    ['tag:"d*"', false],
    ['release:v12 and environment:production', true],
    ['app:blog or app:shop state:down', false],
    ['(app:blog or app:shop) health:ready', true],
    ['app:shop not kind:instance', false],
    ['app:* -(env:staging or env:preview)', true],
    ['', false],
    ['   ', false],
    ['-env:staging', false],
    ['-(-app:shop)', false],
    ['-env:staging or app:shop', false],
    ['*', true],
  ] as const)
    test(`${text === '' ? 'an empty query' : text} ${expected ? 'matches' : 'does not match'} an instance of shop`, () => assert.equal(matches(parseQuery(text), shop), expected))

  for (const [text, message] of [
    ['tga:db', /column 1: "tga" is not a field; did you mean tag:\?/],
    ['app:shop (tag:db', /column 10: this parenthesis is not closed/],
    ['app:shop)', /column 9: this parenthesis was not opened/],
    ['tag:"db', /column 5: this quote is not closed/],
    ['app:shop or', /column 12: the query ends after "or"/],
    ['app: tag:db', /column 5: app: needs a value \(app:\* is any\)/],
    ['app:shop - tag:db', /column 10: a "-" stands directly before/],
    ['kind:server', /column 1: "server" is not a kind \(machine, app/],
    ['http://x', /column 1: "http" is not a field/],
    ['('.repeat(60), /nested deeper than 40/],
    ['-'.repeat(500) + 'a', /nested deeper than 40/],
    ['a '.repeat(600), /1000 is the most/],
  ] as const)
    test(`refuses ${text.slice(0, 30)}`, () => assert.throws(() => parseQuery(text), message))
})
