import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isAppError } from '#base/errors.ts'
import { type LogStream, logStreams } from '#contract/wire.ts'
import { fitsLine, lineFilter } from '../filter.ts'
import { type SourceLabels, type StoredLine, levels } from '../model.ts'
import { levelOf } from '../text.ts'
import { maxQueryLength, parseQuery } from './parser.ts'

type Sample = { row: StoredLine; labels: SourceLabels; json: Record<string, unknown> | null }
/** A test as it is written, and as somebody without this parser would do it. */
type Asked = { text: string; naive: (line: Sample) => boolean }

const words = ['timeout', 'Order', 'paid', 'healthcheck', 'naïve', '42', 'x']
const phrase = fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 3 }).map((list) => list.join(' '))
const json = fc.record({ msg: phrase, status: fc.constantFrom(200, 404, 500, 503), user: fc.record({ id: fc.oneof(fc.nat(50), fc.constantFrom('u-42', 'Bob', 'say "hi"')) }), tags: fc.subarray(['red', 'blue']), level: fc.constantFrom('info', 'warn', 'error', 'debug') }, { requiredKeys: ['msg'] })
const sample: fc.Arbitrary<Sample> = fc
  .record({ json: fc.option(json), prose: phrase, stream: fc.nat(logStreams.length - 1), app: fc.constantFrom('shop', 'blog'), service: fc.constantFrom('web', 'worker'), release: fc.option(fc.integer({ min: 1, max: 20 })) })
  .map(({ json: object, prose, stream, app, service, release }) => {
    const text = object === null ? prose : JSON.stringify(object)
    return { json: object, row: { line: 1, atMs: 1, source: 1, stream, level: levelOf(text), text }, labels: { id: 1, app, environment: 'production', service, instance: `${service}.1`, release, machine: 'm1' } }
  })

const has = (text: string) => (line: Sample) => line.row.text.toLowerCase().includes(text.toLowerCase())
const rank = (line: Sample) => ['debug', 'info', 'warn', 'error'].indexOf(levels[line.row.level] === 'unknown' ? 'info' : (levels[line.row.level] as string))
const userId = (line: Sample) => (line.json?.['user'] as { id?: unknown } | undefined)?.id
const asked: fc.Arbitrary<Asked> = fc.oneof(
  fc.constantFrom(...words).map((word): Asked => ({ text: word, naive: has(word) })),
  phrase.map((text): Asked => ({ text: `"${text}"`, naive: has(text) })),
  fc.tuple(fc.constantFrom(...words), fc.constantFrom(...words)).map(([a, b]): Asked => ({ text: `${a}*${b}`, naive: (line) => new RegExp(`${a}.*${b}`, 'is').test(line.row.text) })),
  fc.constantFrom(...words).map((word): Asked => ({ text: `/${word}.?\\d*/i`, naive: (line) => new RegExp(`${word}.?\\d*`, 'i').test(line.row.text) })),
  fc.tuple(fc.constantFrom('>=', '>', '<=', '<', ':'), fc.constantFrom('debug', 'info', 'warn', 'error')).map(([op, level]): Asked => {
    const than = ['debug', 'info', 'warn', 'error'].indexOf(level)
    return { text: `level${op}${level}`, naive: (line) => (op === ':' ? rank(line) === than : op === '>=' ? rank(line) >= than : op === '>' ? rank(line) > than : op === '<=' ? rank(line) <= than : rank(line) < than) }
  }),
  fc.constantFrom<LogStream>('stdout', 'access', 'system').map((stream): Asked => ({ text: `stream:${stream}`, naive: (line) => logStreams[line.row.stream] === stream })),
  fc.constantFrom('shop', 'blog').map((app): Asked => ({ text: `app:${app}`, naive: (line) => line.labels.app === app })),
  fc.constant<Asked>({ text: 'service:w*r', naive: (line) => line.labels.service === 'worker' }),
  fc.integer({ min: 1, max: 20 }).map((release): Asked => ({ text: `release:v${release}`, naive: (line) => line.labels.release === release })),
  fc.integer({ min: 1, max: 20 }).map((release): Asked => ({ text: `release:>=${release}`, naive: (line) => line.labels.release !== null && line.labels.release >= release })),
  fc.constantFrom(200, 404, 500).map((status): Asked => ({ text: `status:>=${status}`, naive: (line) => Number(line.json?.['status'] ?? Number.NaN) >= status })),
  fc.constantFrom(200, 404, 500).map((status): Asked => ({ text: `status:${status}`, naive: (line) => line.json?.['status'] === status })),
  fc.constant<Asked>({ text: 'user.id:42', naive: (line) => userId(line) === 42 }),
  fc.constant<Asked>({ text: 'user.id:U-*', naive: (line) => String(userId(line) ?? '').startsWith('u-') }),
  fc.constant<Asked>({ text: 'user.id:"say \\"hi\\""', naive: (line) => userId(line) === 'say "hi"' }),
  fc.constant<Asked>({ text: 'user.id:*', naive: (line) => userId(line) !== undefined }),
  fc.constant<Asked>({ text: 'tags:red', naive: (line) => (line.json?.['tags'] as string[] | undefined)?.includes('red') === true }),
  fc.constant<Asked>({ text: 'message:*paid*', naive: (line) => String(line.json?.['msg'] ?? '').includes('paid') }),
)
const search: fc.Arbitrary<Asked> = fc.letrec<{ node: Asked }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    asked,
    tie('node').map(({ text, naive }) => ({ text: `-(${text})`, naive: (line: Sample) => !naive(line) })),
    asked.map(({ text, naive }) => ({ text: `-${text}`, naive: (line: Sample) => !naive(line) })),
    fc.tuple(tie('node'), tie('node'), fc.constantFrom(' ', ' and ', ' AND ')).map(([a, b, and]) => ({ text: `(${a.text})${and}(${b.text})`, naive: (line: Sample) => a.naive(line) && b.naive(line) })),
    fc.tuple(asked, asked, asked).map(([a, b, c]) => ({ text: `${a.text} ${b.text} or ${c.text}`, naive: (line: Sample) => (a.naive(line) && b.naive(line)) || c.naive(line) })),
    fc.tuple(tie('node'), tie('node')).map(([a, b]) => ({ text: `(${a.text} or ${b.text})`, naive: (line: Sample) => a.naive(line) || b.naive(line) })),
  ),
})).node

test('a search finds what a plain test of every line finds', () =>
  fc.assert(
    fc.property(search, fc.array(sample, { minLength: 1, maxLength: 12 }), ({ text, naive }, lines) => {
      if (text.length > maxQueryLength) return
      const filter = lineFilter({ where: parseQuery(text) })
      assert.deepEqual(lines.map(({ row, labels }) => fitsLine(filter, row, labels)), lines.map(naive), text)
    }),
    { numRuns: 1500 },
  ))

test('any text at all is a search, or a fault that names its place', () =>
  fc.assert(
    fc.property(fc.oneof(fc.string({ maxLength: 60 }), fc.array(fc.constantFrom('(', ')', '-', '"', 'or', 'and', '/', 'a:', 'level>=', ' ', 'x', '\\', '*')).map((parts) => parts.join(''))), (text) => {
      try {
        const where = parseQuery(text)
        if (where !== null) lineFilter({ where })
      } catch (error) {
        assert.ok(isAppError(error, 'invalid'))
        if (error.fields.length > 0) assert.ok((error.fields[0]?.column as number) >= 1 && (error.fields[0]?.column as number) <= text.length + 1)
      }
    }),
    { numRuns: 3000 },
  ))

test('what looks like no field is a word: pasted text finds itself', () => {
  for (const text of ['http://example.com/x', 'std::io::Error', 'Error:', '12:30:01', 'Promise<void>', 'not', '/healthz', 'user=42', 'a->b', '-']) assert.deepEqual(parseQuery(text), { kind: 'text', glob: [text.toLowerCase()] })
})

test('faults say where, and the way out', () => {
  for (const [text, column, message] of [['a (b', 3, /never closed/], ['"abc', 1, /quote is never closed/], ['a level:loud', 9, /levels are debug/], ['stream:stdot', 8, /did you mean stdout/], ['x or', 5, /still missing/], ['a /b(/', 5, /never closed/], ['status:>=x', 10, /no number/], ['release:new', 9, /release:v12/], ['a)', 2, /closes nothing/]] as const)
    assert.throws(() => parseQuery(text), (error: unknown) => isAppError(error, 'invalid') && message.test(error.message) && error.fields[0]?.column === column, text)
  assert.throws(() => parseQuery('a '.repeat(70)), /more than 60/)
  assert.throws(() => parseQuery('('.repeat(40)), /deeper/)
  assert.equal(parseQuery('  '), null)
})
