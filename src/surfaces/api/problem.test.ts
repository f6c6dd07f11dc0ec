import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endpoints } from '#contract/endpoints.ts'
import { openDatabase } from '#kernel/db/db.ts'
import { testDatabase } from '#test/harness/postgres.ts'
import { problemOf } from './problem.ts'

test('what the database cannot store is the fault of the request, not ours', async () => {
  await using database = await testDatabase({ migrated: false })
  const db = openDatabase(database.url)
  try {
    for (const [sql, value] of [['SELECT $1::text', 'a\0b'], ['SELECT $1::jsonb', JSON.stringify('a\0b')], ['SELECT $1::jsonb', JSON.stringify('a\ud83d')], ['SELECT $1::int', '99999999999']] as const) {
      const error: unknown = await db.query(sql, [value]).then(() => assert.fail(`${sql} took it`), (thrown: unknown) => thrown)
      assert.equal(problemOf(error).problem.status, 400, sql)
    }
  } finally {
    await db.close()
  }
})

test('a NUL is refused where it would end the value of a variable', () => {
  for (const id of ['config.change', 'secrets.change'] as const) {
    assert.equal(endpoints[id].body.safeParse({ NAME: 'a\0b' }).success, false, id)
    assert.equal(endpoints[id].body.safeParse({ NAME: 'a\nb"$`\'', GONE: null }).success, true, id)
  }
  assert.equal(endpoints['terminals.open'].body.safeParse({ command: ['a\0b'], tty: null }).success, false)
})

test('a name that is none is told what names are', () => {
  const { error } = endpoints['config.change'].body.safeParse({ '1A': 'x' })
  assert.match(problemOf(error).problem.detail, /^1A: must /)
})

test('a field is told what it must be, in plain words', () => {
  const { error } = endpoints['dashboards.save'].body.safeParse({ title: 'A', rows: [[{ title: 'B', lines: [{ metrc: 'c', fn: 'mean' }] }], 3] })
  const { fields = [] } = problemOf(error).problem
  const told = fields.map(({ path, message }) => `${path}: ${message}`)
  assert.deepEqual(told.filter((one) => one.includes('nvalid') || one.includes('nrecognized')), [])
  for (const expected of ['rows.0.0.lines.0.metric: is missing', 'rows.0.0.lines.0: there is no "metrc" here', 'rows.1: must be a list']) assert.ok(told.includes(expected), told.join('\n'))
  assert.match(told.join('\n'), /^rows\.0\.0\.lines\.0\.fn: must be one of avg, min, max, /m)
})

test('a full disk is told as such', () => {
  for (const code of ['53100', 'ENOSPC']) {
    const { problem, headers } = problemOf(Object.assign(new Error('no space'), { code }))
    assert.deepEqual([problem.status, headers['retry-after']], [503, '10'])
    assert.match(problem.detail, /disk of the server is full/)
  }
})
