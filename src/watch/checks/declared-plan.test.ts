import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type DeclaredRow, planDeclared } from './declared-plan.ts'
import type { CheckRowIn } from './model.ts'

const want = (name: string, more: Partial<DeclaredRow> = {}): DeclaredRow => ({ name, kind: 'http', config: { url: '/up', status: '200' }, every_ms: 30_000, timeout_ms: 10_000, retries: 2, vantages: ['control'], quorum: null, criteria: [], severity: 'critical', app: 'shop', environment: 'production', service: null, needs: [], ...more })
const row = (from: DeclaredRow, more: Partial<CheckRowIn> = {}): CheckRowIn => ({ ...from, needs: [], id: `chk_${from.name}`, secrets: null, declared: true, confined: true, paused_by: null, token: null, slug: null, created_at: new Date(0), ...more })
const places = { serving: new Set(['shop/production']), environments: new Set(['shop/production']) }

test('what is declared is made, changed and removed; what people made stays', () => {
  const wanted = [want('a'), want('b', { every_ms: 1000 }), want('d', { needs: ['a'] })]
  const known = [row(want('b')), row(want('c')), row(want('hand'), { declared: false }), row(want('d'))]
  const plan = planDeclared({ wanted, known, ...places })
  assert.deepEqual([plan.create.map(({ name }) => name), plan.update.map(({ want: { name } }) => name), plan.remove.map(({ name }) => name), plan.link.map(({ name }) => name)], [['a'], ['b'], ['c'], ['d']])
})

test('a stopped environment keeps its checks; one that is gone keeps none', () => {
  const known = [row(want('a')), row(want('hand'), { declared: false })]
  assert.deepEqual(planDeclared({ wanted: [], known, serving: new Set(), environments: places.environments }).remove, [])
  assert.deepEqual(planDeclared({ wanted: [], known, serving: new Set(), environments: new Set() }).remove, known)
})

test('with what it asked for done, it asks for nothing', () => {
  const names = ['a', 'b', 'c', 'd']
  fc.assert(
    fc.property(fc.subarray(names), fc.subarray(names), fc.integer({ min: 1000, max: 9000 }), (declared, there, every_ms) => {
      const wanted = declared.map((name) => want(name, { every_ms, config: { status: '200', url: '/up' } }))
      const first = planDeclared({ wanted, known: there.map((name) => row(want(name))), ...places })
      const after = there.map((name) => row(want(name))).filter((each) => !first.remove.some(({ id }) => id === each.id)).map((each) => ({ ...each, ...first.update.find(({ before }) => before.id === each.id)?.want }))
      const second = planDeclared({ wanted, known: [...after, ...first.create.map((each) => row(each))], ...places })
      assert.deepEqual(second, { create: [], update: [], remove: [], link: [] })
    }),
  )
})
