import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keepDraft, keptDraft } from './draft.ts'

function storage() {
  const items = new Map<string, string>()
  return { items, getItem: (name: string) => items.get(name) ?? null, setItem: (name: string, text: string) => void items.set(name, text), removeItem: (name: string) => void items.delete(name) }
}

test('a draft is found again by its place and its start, and is nothing while nobody has touched it', () => {
  const kept = storage()
  const start = { title: '', where: {} }
  keepDraft(kept, 'rule a', start, { ...start, title: 'slow' })
  assert.deepEqual(keptDraft(kept, 'rule a', { ...start }), { title: 'slow', where: {} })
  assert.deepEqual(keptDraft(kept, 'rule b', start), start)
  const other = { title: 'another', where: {} }
  assert.deepEqual(keptDraft(kept, 'rule a', other), other, 'the rule was changed meanwhile')
  keepDraft(kept, 'rule a', start, { ...start })
  assert.equal(kept.items.size, 0)
})

test('a storage that is full, or holds what is no draft, costs the draft alone', () => {
  const full = { ...storage(), setItem: () => { throw new Error('full') } }
  keepDraft(full, 'x', 1, 2)
  assert.equal(keptDraft({ getItem: () => 'not JSON' }, 'x', 1), 1)
})
