import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { parse } from 'yaml'
import { type Dashboard, dashboardSpecSchema } from '#contract/dashboards.ts'
import { type TestApi, startTestApi } from '../test/api.ts'
import { call, removeFolder, temporaryFolder } from '../test/harness.ts'

let api: TestApi
let folder = ''
before(async () => {
  folder = await temporaryFolder()
  const saved = new Map<string, Dashboard>()
  api = await startTestApi({
    'dashboards.list': () => [...saved.values()].map(({ id, title, app, rows, changedBy, changedAt }) => ({ id, title, app, graphs: rows.flat().length, changedBy, changedAt })),
    'dashboards.read': ({ params }) => saved.get(params['dashboard'] as string) as Dashboard,
    'dashboards.save': ({ params, body }) => {
      const made = { ...dashboardSpecSchema.parse(body), id: params['dashboard'] as string, changedBy: 'rosa', changedAt: new Date().toISOString() }
      saved.set(made.id, made)
      return made
    },
    'dashboards.remove': ({ params }) => {
      saved.delete(params['dashboard'] as string)
      return {}
    },
  })
})
after(async () => {
  await api[Symbol.asyncDispose]()
  await removeFolder(folder)
})
const run = (...argv: string[]) => call(argv, { env: api.env, cwd: folder })

test('a dashboard is saved from a file, listed, shown as a file that can be saved again, and removed', async () => {
  const graph = { title: 'Requests', lines: [{ metric: 'nightshift_http_requests_total', fn: 'rate', by: ['class'], where: 'service=web' }] }
  await writeFile(join(folder, 'checkout.yml'), `title: Checkout\nrows:\n  - - ${JSON.stringify(graph)}\n`)
  assert.match((await run('dashboards')).stdout, /No dashboards yet/)
  assert.equal((await run('dashboards', 'save', 'checkout', 'checkout.yml')).stdout, 'saved Checkout, with 1 graph\n')
  assert.match((await run('dashboards')).stdout, /^checkout +Checkout +1 .*rosa$/m)
  const shown = (await run('dashboards', 'show', 'checkout')).stdout
  assert.deepEqual(parse(shown), { title: 'Checkout', rows: [[graph]] })
  await writeFile(join(folder, 'again.yml'), shown)
  assert.equal((await run('dashboards', 'save', 'checkout', 'again.yml')).code, 0)
  assert.match((await run('dashboards', 'remove', 'checkout')).stdout, /is removed; what it showed stays/)
})

test('a file that is no dashboard is refused before anything is asked', async () => {
  await writeFile(join(folder, 'list.yml'), '- 1\n')
  assert.match((await run('dashboards', 'save', 'checkout', 'list.yml')).stderr, /list\.yml: it must be a map with title and rows/)
  assert.match((await run('dashboards', 'save', 'checkout', 'missing.yml')).stderr, /there is no file missing\.yml/)
})
