import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { engineAnswers } from '#test/harness/docker.ts'
import { appFetch } from '#test/harness/fetch.ts'
import { bootNightshift } from '#test/harness/nightshift.ts'
import { until } from '#test/harness/wait.ts'

const shop = join(import.meta.dirname, '../../../examples/shop')

const noEngine = !(await engineAnswers(process.env['DOCKER_HOST'])) && 'no Docker engine answers'

test('the shop is deployed, sells, and keeps its orders over a release', () => sells('process'))
test('the same in containers', { skip: noEngine }, () => sells('docker'))

async function sells(driver: 'process' | 'docker'): Promise<void> {
  await using nightshift = await bootNightshift({ driver })
  const first = await nightshift.cli(['deploy', shop])
  assert.equal(first.code, 0, first.stdout + first.stderr)

  const visitor = { cookie: 'visitor=00000000-0000-4000-8000-000000000000', 'content-type': 'application/x-www-form-urlencoded' }
  const post = (path: string, form: Record<string, string>) =>
    appFetch(nightshift.url('shop', path), { method: 'POST', headers: visitor, body: new URLSearchParams(form), redirect: 'manual' })
  const page = async (path: string) => (await appFetch(nightshift.url('shop', path), { headers: visitor })).text()

  assert.match(await page('/'), /Storm lantern/)
  assert.equal((await post('/cart/add', { product: 'lantern' })).headers.get('location'), '/cart')
  assert.equal((await post('/orders', { id: 'order-1', name: 'Ada' })).headers.get('location'), '/orders/order-1')
  await until(async () => (await page('/orders/order-1')).includes('Order sent'), { because: 'the worker has sent the order' })

  const second = await nightshift.cli(['deploy', shop])
  assert.equal(second.code, 0, second.stdout + second.stderr)
  assert.match(await page('/orders'), /Ada/)
}
