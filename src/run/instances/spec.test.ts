import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manifestSchema } from '#contract/manifest.ts'
import { instanceSpec } from './spec.ts'

const manifest = manifestSchema.parse({ services: { web: { command: 'node web' }, api: { command: 'node api', secrets: ['STRIPE_KEY'] } } })
const now = new Date('2026-01-01T03:00:00Z')

function secretsSeen(service: string, kind: 'service' | 'release' | 'run'): string[] {
  const spec = instanceSpec({
    row: { id: 'ins_1', generation: 1, kind, app: 'shop', environment: 'production', service, ordinal: 1 },
    release: { app: 'shop', environment: 'production', number: 1, artifact_id: 'a', manifest, manifest_source: 'nightshift.yml', config: {}, secrets: {}, description: '', commit: null, build_id: null, by_name: 'ann', created_at: now, before: null, condemned_because: null, past: null },
    artifact: { id: 'a', ref: { kind: 'image', image: 'none' }, meta: { builder: 'node', processes: {}, runtime: '', path: [], launcher: false } },
    manifest, secrets: { STRIPE_KEY: 'sk', COOKIE_KEY: 'ck' }, edges: {}, volumes: [],
  })
  return Object.keys(spec.env).filter((name) => name.endsWith('_KEY')).sort()
}

test('a secret that a service lists is that service\'s alone; one that none lists is everybody\'s', () => {
  assert.deepEqual(secretsSeen('api', 'service'), ['COOKIE_KEY', 'STRIPE_KEY'])
  assert.deepEqual(secretsSeen('web', 'service'), ['COOKIE_KEY'])
  assert.deepEqual(secretsSeen('web', 'run'), ['COOKIE_KEY'])
  assert.deepEqual(secretsSeen('release', 'release'), ['COOKIE_KEY', 'STRIPE_KEY'])
})
