import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { detectDriver } from '#drivers/task/index.ts'
import { appFetch } from '#test/harness/fetch.ts'
import { bootNightshift } from '#test/harness/nightshift.ts'

const { kind, because } = await detectDriver()

test('the shop runs in containers: its edges, its volume, and nothing published', { skip: kind === 'docker' ? false : because }, async () => {
  await using nightshift = await bootNightshift({ driver: 'docker' })
  const deployed = await nightshift.cli(['deploy', join(import.meta.dirname, '../../../examples/shop')], { timeoutMs: 300_000 })
  assert.equal(deployed.code, 0, deployed.stdout + deployed.stderr)
  assert.match(await (await appFetch(nightshift.url('shop'))).text(), /Storm lantern/)
  const app = await nightshift.client.call('apps.read', { params: { app: 'shop' } })
  assert.ok(app.services.every((service) => service.health === 'healthy'), app.because)
  const inside = await nightshift.cli(['exec', 'web.1', '-a', 'shop', '--', 'sh', '-c', 'id -u; echo $API_URL'])
  assert.equal(inside.code, 0, inside.stderr)
  assert.match(inside.stdout, /^[1-9]\d+\s+http:\/\/\d+\.\d+\.\d+\.\d+:\d+/)
})
