import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { ruleSpecSchema } from '#contract/alerting.ts'
import { type TestApi, startTestApi } from '../test/api.ts'
import { call } from '../test/harness.ts'

let api: TestApi
before(async () => {
  api = await startTestApi()
})
after(() => api[Symbol.asyncDispose]())

const at = (hour: number) => new Date(Date.UTC(2026, 2, 10, hour)).toISOString()
const day = 86_400_000
const spec = ruleSpecSchema.parse({ title: 'Up', measure: { metric: 'up' }, condition: { kind: 'threshold', is: '==', value: 0 }, summary: 'down' })
const objective = { kind: 'availability' as const, target: 0.999, thresholdMs: null, since: at(0), total: 1000, bad: 1, budgetLeft: 0.5, burn: { '5m': 0, '30m': 0, '1h': 0, '6h': 0, '3d': 0 }, exhaustedInMs: null, firing: null, points: [] }
const slo = { app: 'shop', environment: 'production', service: null, origin: 'manifest' as const, declared: true, alerts: true, windowMs: 30 * day, objectives: [objective, { ...objective, kind: 'latency' as const, target: 0.99, thresholdMs: 500 }] }

beforeEach(() => {
  api.asked = []
  api.handlers = {
    'slos.list': () => [slo],
    'slos.put': () => [slo],
    'slos.test': () => ({ since: at(0), until: at(23), stepMs: 300_000, criticalAt: 14.4, objectives: [{ kind: 'availability', target: 0.9995, thresholdMs: null, total: 2000, bad: 5, lastsMs: 6 * day, points: [], fired: [{ from: at(3), to: at(4), severity: 'critical', because: '4 % of 100 requests failed' }] }] }),
    'rules.import': () => ({ saved: false, skipped: [{ name: 'Odd', because: '"unless" cannot be expressed' }], rules: [{ id: 'up', name: 'Up', about: 'last of up over 5 min == 0', replaces: true, spec }] }),
  }
})

async function ok(...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await call(argv, { env: api.env })
  assert.equal(code, 0, stderr)
  return stdout
}
async function refused(...argv: string[]): Promise<string> {
  const { code, stderr } = await call(argv, { env: api.env })
  assert.notEqual(code, 0)
  return stderr
}
const put = () => api.asked.find(({ id }) => id === 'slos.put')

describe('slo', () => {
  test('is tried before it is set, and nothing is set by that', async () => {
    const out = await ok('slo', 'shop', '--availability', '99.95%', '--dry-run')
    assert.match(out, /99\.95 % succeed: 5 of 2000 requests were bad since .*; at that pace the error budget lasts 6 d/)
    assert.match(out, /critical, for 60 min: 4 % of 100 requests failed|critical, for 1 h: 4 % of 100 requests failed/)
    assert.deepEqual(api.asked.find(({ id }) => id === 'slos.test')?.body, { availability: 0.9995, windowMs: 30 * day, alerts: true })
    assert.equal(put(), undefined)
    assert.match(await refused('slo', 'shop', '--dry-run'), /--dry-run tries what/)
  })

  test('whose alerts are switched off keeps its objectives', async () => {
    api.handlers['slos.put'] = () => [{ ...slo, alerts: false }]
    assert.match(await ok('slo', 'shop', '--alerts', 'off'), /alert\n.* succeed .* off\n/)
    assert.deepEqual(put()?.body, { windowMs: 30 * day, alerts: false, availability: 0.999, p99Ms: 500 })
    assert.match(await refused('slo', 'shop', '--alerts', 'perhaps'), /"perhaps" is neither on nor off/)
    assert.match(await refused('slo', 'shop', '--service', 'api', '--alerts', 'off'), /there is no SLO yet/)
    assert.match(await refused('slo', 'shop', '--reset', '--alerts', 'off'), /--reset stands alone/)
  })
})

test('rules import says what would be replaced, and tells the name of the file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'nightshift-'))
  try {
    await writeFile(join(folder, 'node.yml'), 'groups: []')
    const out = await ok('rules', 'import', join(folder, 'node.yml'), '--dry-run')
    assert.match(out, /^ {2}up {2}last of up over 5 min == 0, in place of the rule of that name$/m)
    assert.match(out, /^ {2}Odd {2}"unless" cannot be expressed$/m)
    assert.deepEqual(api.asked.at(-1)?.body, { text: 'groups: []', source: 'node.yml', save: false })
  } finally {
    await rm(folder, { recursive: true })
  }
})
