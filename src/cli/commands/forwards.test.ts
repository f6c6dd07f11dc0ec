import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { tempHome } from '#test/harness/home.ts'
import type { RuleSpec } from '#contract/alerting.ts'
import type { Forward } from '#contract/forwards.ts'
import { type TestApi, startTestApi } from '../test/api.ts'
import { type Called, call } from '../test/harness.ts'

const forward: Forward = { id: 'fwd_1', url: 'https://p.example.com/api/v1/write', labels: { cluster: 'eu' }, state: 'sending', position: new Date().toISOString(), sent: 4711, dropped: 0, lastSentAt: null, failingSince: null, retryAt: null, lastError: null, createdAt: new Date().toISOString(), createdBy: 'ada' }

let api: TestApi
before(async () => {
  api = await startTestApi()
})
after(() => api[Symbol.asyncDispose]())
beforeEach(() => {
  api.asked = []
})

const run = (...argv: string[]): Promise<Called> => call(argv, { env: api.env })

test('a forward is added with its labels, headers and authority, tried, listed and removed', async () => {
  await using folder = await tempHome('ns-forwards-')
  const ca = join(folder.home, 'ca.pem')
  await writeFile(ca, '-----BEGIN CERTIFICATE-----')
  api.handlers = { 'forwards.add': () => forward, 'forwards.test': () => ({ ok: false, because: 'it answered 401', tookMs: 3 }), 'forwards.list': () => [forward, { ...forward, id: 'fwd_2', labels: {}, state: 'failing', dropped: 12, lastError: 'it answered 503' }], 'forwards.remove': () => ({}) }
  const added = await run('forwards', 'add', 'https://p.example.com', '--label', 'cluster=eu', '--header', 'Authorization: Bearer abc', '--ca', ca)
  assert.match(added.stdout, /^fwd_1: metrics are sent to https:\/\/p\.example\.com\/api\/v1\/write from now on \(try it: nightshift forwards test fwd_1\)$/m)
  assert.deepEqual(api.asked[0]?.body, { url: 'https://p.example.com', labels: { cluster: 'eu' }, headers: { Authorization: 'Bearer abc' }, caPem: '-----BEGIN CERTIFICATE-----' })
  const tried = await run('forwards', 'test', 'fwd_1')
  assert.deepEqual([tried.code, tried.stdout], [1, 'it answered 401 (3 ms)\n'])
  const listed = (await run('forwards')).stdout
  assert.match(listed, /^fwd_1 +https:\S+ +cluster=eu +4711 .*sending$/m)
  assert.match(listed, /^fwd_2 .* 12 .*failing: it answered 503$/m)
  assert.match((await run('forwards', 'remove', 'fwd_1')).stdout, /no more samples are sent there/)
  assert.match((await run('forwards', 'add', 'https://p.example.com', '--header', 'nonsense')).stderr, /--header must be like/)
})

test('a rule that counts log lines is made by a flag, or by a file that names no metric', async () => {
  await using folder = await tempHome('ns-rules-')
  const file = join(folder.home, 'rule.yml')
  await writeFile(file, `title: No backup\nmeasure: { logs: '"backup done"', where: { app: shop } }\nwindow: 24h\ncondition: { kind: threshold, is: "<", value: 1 }\nsummary: none\n`)
  api.handlers = { 'rules.put': (asked) => ({ ...(asked.body as RuleSpec), id: 'x', origin: 'own', mode: 'on', about: 'about', replaces: false, offUntil: null, states: [] }) }
  assert.equal((await run('rules', 'add', 'x', '--logs', 'level>=error timeout', '--where', 'app=shop', '--above', '20', '--window', '10m')).code, 0)
  assert.equal((await run('rules', 'add', 'x', '--file', file)).code, 0)
  const [byFlag, byFile] = api.asked.filter(({ id }) => id === 'rules.put').map(({ body }) => body as { measure: object; windowMs: number; summary: string })
  assert.deepEqual([byFlag?.measure, byFlag?.windowMs, byFlag?.summary], [{ metric: 'nightshift_log_lines_total', logs: 'level>=error timeout', fn: 'increase', where: { app: 'shop' } }, 600_000, '{value} log lines of {place} match'])
  assert.deepEqual(byFile?.measure, { metric: 'nightshift_log_lines_total', fn: 'increase', logs: '"backup done"', where: { app: 'shop' } })
  assert.match((await run('rules', 'add', 'x', '--logs', 'a', '--metric', 'b', '--above', '1')).stderr, /--metric b and --logs "a" are two \(leave one out, or make two rules\)/)
  assert.match((await run('rules', 'add', 'x', '--above', '1')).stderr, /--metric NAME or --logs SEARCH/)
  assert.match((await run('rules', 'add', 'x', '--metric', 'b', '--above', '1', '--absent')).stderr, /one of --above, --below and --absent, not several/)
})
