import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { issueWords } from './issue-words.ts'

const said = (schema: z.ZodType, value: unknown) => schema.safeParse(value).error?.issues.map(issueWords)

test('no word of the schema’s library reaches a person', () => {
  assert.deepEqual(said(z.int().max(65535), 70_000), ['must be at most 65535'])
  assert.deepEqual(said(z.int().min(0), -4), ['must be at least 0'])
  assert.deepEqual(said(z.number().gt(2), 2), ['must be more than 2'])
  assert.deepEqual(said(z.int(), 'x'), ['must be a number'])
  assert.deepEqual(said(z.int(), 1.5), ['must be a whole number'])
  assert.deepEqual(said(z.string().min(1), ''), ['must not be empty'])
  assert.deepEqual(said(z.string().max(3), 'four'), ['must be at most 3 characters long'])
  assert.deepEqual(said(z.array(z.string()).max(1), ['a', 'b']), ['must hold at most 1'])
  assert.deepEqual(said(z.strictObject({ url: z.string() }), { path: '/' }), ['is missing', 'there is no "path" here'])
  assert.deepEqual(said(z.enum(['a', 'b']), 'c'), ['must be one of a, b'])
  assert.deepEqual(said(z.string().regex(/x/, 'must hold an x'), 'y'), ['must hold an x'])
  assert.deepEqual(said(z.union([z.string().regex(/x/, 'must hold an x'), z.string().regex(/y/, 'must hold a y')]), 'z'), ['must hold a y'])
  assert.deepEqual(said(z.union([z.int(), z.boolean()]), 'z'), ['must be true or false'])
})
