import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kindViews } from '#contract/checks.ts'
import { checkKindSpecs } from '#contract/check-kinds.ts'
import { byNeed, configOf, fieldsOf } from './check-words.ts'

const kinds = kindViews([], [])
const http = kinds.find(({ kind }) => kind === 'http')!

test('a form is drawn from the schema: what must be given stands first, and what is typed is what the schema takes', () => {
  const fields = fieldsOf(http)
  assert.deepEqual([fields[0]?.name, fields[0]?.required], ['url', true])
  const input = (name: string) => fields.find((field) => field.name === name)?.input
  assert.deepEqual(['method', 'verify', 'header', 'headers', 'redirects', 'authorization', 'body'].map(input), ['choice', 'switch', 'list', 'map', 'number', 'secret', 'text'])
  const config = configOf(fields, { url: 'https://shop.test/', verify: 'false', header: 'content-type: json\n\nx-a', headers: 'accept: text/html\nx-b: c:d', redirects: '2', body: '' })
  assert.deepEqual(config, { url: 'https://shop.test/', verify: false, header: ['content-type: json', 'x-a'], headers: { accept: 'text/html', 'x-b': 'c:d' }, redirects: 2 })
  assert.ok(checkKindSpecs.http.config.safeParse(config).success)
})

test('every kind has a form with its main field first', () => {
  for (const kind of kinds) assert.equal(fieldsOf(kind)[0]?.name, kind.main, kind.kind)
})

test('what needs a look stands first', () => {
  assert.deepEqual(byNeed([{ name: 'b', state: 'up' }, { name: 'a', state: 'up' }, { name: 'c', state: 'down' }] as never).map(({ name }) => name), ['c', 'a', 'b'])
})
