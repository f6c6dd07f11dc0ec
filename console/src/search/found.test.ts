import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SearchResult } from '#contract/search.ts'
import { addressOf, grouped, placeOf, stillNamed } from './found.ts'
import { recentsWith } from './recent.ts'

const result = (more: Partial<SearchResult>): SearchResult => ({ kind: 'app', title: 'shop', detail: '', app: 'shop', environment: 'production', service: null, ref: 'shop/production', at: null, health: null, excerpt: null, ...more })

test('each kind leads to its page; a document has none', () => {
  assert.equal(addressOf(result({})), '/apps/shop')
  assert.equal(addressOf(result({ kind: 'service', service: 'web', ref: 'shop/production/web' })), '/map?select=shop%2Fproduction%2Fweb')
  assert.equal(addressOf(result({ kind: 'release', environment: 'staging', ref: '12' })), '/apps/shop/releases?env=staging')
  assert.equal(addressOf(result({ kind: 'alert', service: 'web' })), '/apps/shop?why=web')
  assert.equal(addressOf(result({ kind: 'alert', app: null, service: null })), '/')
  assert.equal(addressOf(result({ kind: 'event', ref: '77' })), '/journal?event=77')
  assert.equal(addressOf(result({ kind: 'doc', app: null, ref: 'logs.md#drains' })), null)
})

test('kinds stand in the order of their best, and say where a thing belongs', () => {
  assert.deepEqual(grouped([result({ kind: 'service' }), result({}), result({ kind: 'service' })]).map(({ kind, results }) => [kind, results.length]), [['service', 2], ['app', 1]])
  assert.deepEqual([placeOf(result({})), placeOf(result({ environment: 'staging' })), placeOf(result({ kind: 'service', environment: 'staging' })), placeOf(result({ kind: 'event' }))], ['', 'staging', 'of shop staging', ''])
})

test('of an older answer only what is still named is offered', () => {
  const older = [result({}), result({ kind: 'release', title: 'v15', ref: '15' }), result({ kind: 'service', title: 'shop releases', ref: 'shop/production/releases' })]
  assert.deepEqual(stillNamed(older, 'shop production').map(({ title }) => title), ['shop', 'v15', 'shop releases'])
  assert.deepEqual(stillNamed(older, 'shop production releases').map(({ title }) => title), ['shop releases'])
  assert.deepEqual(stillNamed(older, 'zyx'), [])
})

test('what was gone to last stands first, each once, a few of them', () => {
  const of = (...names: string[]) => names.map((title) => ({ title, href: `/${title}` }))
  assert.deepEqual(recentsWith(of('a', 'b', 'c'), { title: 'b', href: '/b' }), of('b', 'a', 'c'))
  assert.equal(recentsWith(of('a', 'b', 'c', 'd', 'e', 'f'), { title: 'g', href: '/g' }).length, 6)
})
