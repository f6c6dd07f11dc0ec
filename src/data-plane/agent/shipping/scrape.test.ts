import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import type { ScrapeBatch } from '#contract/scraping.ts'
import type { InstanceSpec } from '#contract/wire.ts'
import { createLogger } from '#kernel/log.ts'
import { until } from '#test/harness/wait.ts'
import type { TaskView } from '../identity.ts'
import { startScraping } from './scrape.ts'

test('an instance whose manifest asks for it is read, and what it says is shipped; one that does not answer is said to be down', async (context) => {
  let broken = false
  const server = createServer((_, response) => void (broken ? response.writeHead(500).end() : response.end('# TYPE temp gauge\ntemp{room="a"} 21.5\n# TYPE jobs counter\njobs 3\nworks_total 4\nnot a sample\nnone NaN\n')))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
  const view = (instance: string) => ({ who: { task: `${instance}.1-1`, instance, kind: 'service', app: 'shop', environment: 'production', service: 'web', name: 'web.1' }, status: { state: 'running', address } }) as unknown as TaskView
  const shipped: ScrapeBatch[] = []
  const scraping = startScraping({
    machine: 'm', log: createLogger({ process: 'test', level: 'silent' }), tasks: () => [view('asked'), view('silent')], specs: () => [{ id: 'asked', metrics: { path: '/metrics', port: null, everyMs: 20 } } as InstanceSpec],
    control: { post: async (path, body) => void (assert.equal(path, '/internal/scrapes'), shipped.push(body as ScrapeBatch)) },
  })
  context.after(() => {
    scraping.close()
    server.closeAllConnections()
    server.close()
  })
  await until(() => shipped.length > 0, { because: 'it is read' })
  const { up, bad, beyond, samples, instance } = shipped[0] as ScrapeBatch
  assert.deepEqual([up, bad, beyond, instance, samples], [true, 1, 0, 'web.1', [['temp', { room: 'a' }, 'gauge', 21.5], ['jobs', {}, 'counter', 3], ['works_total', {}, 'counter', 4]]])
  broken = true
  await until(() => shipped.some((one) => !one.up && one.samples.length === 0), { because: 'it is down' })
})
