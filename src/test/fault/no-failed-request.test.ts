/** Whatever happens to an instance under load, callers do not notice: no GET fails, and no POST is carried out twice. */
import assert from 'node:assert/strict'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { appFetch } from '#test/harness/fetch.ts'
import { type TestNightshift, bootNightshift } from '#test/harness/nightshift.ts'
import { requestLoop } from '#test/harness/request-loop.ts'
import { until } from '#test/harness/wait.ts'

const manifest = `
name: counted
# what is done to its instances here must not count against the release
deploy: { bake: 0s }
services:
  web:
    command: [node, server.js]
    health: { path: /up, interval: 1s }
    stop: { grace: 5s }
    restart: { intensity: 100, backoff: 10ms..10ms }
`
/** Writes each POST's id down before it answers, so that what was done twice stands there twice. /hang: it never answers again. */
const server = `
const { appendFileSync } = require('node:fs')
let hung = false
require('node:http').createServer((request, response) => {
  if (request.url === '/hang') hung = true
  if (hung) return
  if (request.method === 'POST') appendFileSync(process.env.DONE_FILE, request.url + '\\n')
  response.end('ok')
}).listen(process.env.PORT)
process.on('SIGTERM', () => process.exit(0))
`

let nightshift: TestNightshift
let folder: string
let done: string

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ns-counted-'))
  done = join(folder, 'done')
  await writeFile(done, '')
  await Promise.all([chmod(folder, 0o755), chmod(done, 0o666)]) // the app runs as a user of its own
  await writeFile(join(folder, 'nightshift.yml'), manifest)
  await writeFile(join(folder, 'server.js'), server)
  nightshift = await bootNightshift()
  const { code, stdout, stderr } = await nightshift.cli(['deploy', folder])
  assert.equal(code, 0, stdout + stderr)
  const set = await nightshift.cli(['config', 'set', `DONE_FILE=${done}`, '-a', 'counted'])
  assert.equal(set.code, 0, set.stdout + set.stderr)
})
after(async () => {
  await nightshift?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const instances = async () => (await nightshift.client.call('apps.read', { params: { app: 'counted' } })).services.flatMap((service) => service.instances)
/** The pids, once so many instances of the release with the config are ready and no other is there. */
const whole = (count: number, because: string, isGood: (pids: number[]) => boolean = () => true) =>
  until(async () => {
    const all = await instances()
    const pids = all.map((one) => one.pid ?? 0)
    return all.length === count && all.every((one) => one.state === 'ready' && one.release === 2) && isGood(pids) && pids
  }, { timeoutMs: 60_000, everyMs: 50, because })

const faults: [string, (pid: number) => Promise<unknown>][] = [
  ['kill -9', async (pid) => process.kill(pid, 'SIGKILL')],
  ['SIGSTOP', async (pid) => process.kill(pid, 'SIGSTOP')],
  ['a hang', async () => void appFetch(nightshift.url('counted', '/hang'), { method: 'POST' }).catch(() => {})],
]

for (const count of [1, 3])
  for (const [name, strike] of faults)
    test(`${name}, ${count === 1 ? 'the only instance' : `one of ${count}`}`, async () => {
      const scaled = await nightshift.cli(['scale', `web=${count}`, '-a', 'counted'])
      assert.equal(scaled.code, 0, scaled.stderr)
      const before = await whole(count, `${count} instances are ready`)
      const reads = requestLoop(nightshift.url('counted', '/read'), { rate: 50 })
      let posts = 0
      const writes = setInterval(() => void appFetch(nightshift.url('counted', `/${encodeURIComponent(name)}-${count}-${++posts}`), { method: 'POST' }).catch(() => {}), 100)
      try {
        await until(() => reads.result().ok > 20, { because: 'requests flow' })
        await strike(before[0] as number)
        await whole(count, 'it was replaced', (pids) => pids.some((pid) => !before.includes(pid)))
        const { ok } = reads.result()
        await until(() => reads.result().ok > ok + 20, { because: 'requests flow on' })
      } finally {
        clearInterval(writes)
        await reads.stop()
      }
      const result = reads.result()
      assert.deepEqual(result.failures, {}, `${result.failed} of ${result.sent} failed; the slowest took ${Math.round(result.slowestMs)} ms`)
      const lines = (await readFile(done, 'utf8')).trim().split('\n')
      assert.ok(lines.some((line) => line.startsWith(`/${encodeURIComponent(name)}-${count}-`)), 'POSTs were carried out')
      assert.equal(new Set(lines).size, lines.length, 'a POST was carried out twice')
    })
