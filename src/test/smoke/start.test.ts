import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { appFetch } from '#test/harness/fetch.ts'
import { tempHome } from '#test/harness/home.ts'
import { processesNaming } from '#test/harness/nightshift.ts'
import { until } from '#test/harness/wait.ts'

const root = join(import.meta.dirname, '../../..')

test('npm start ends with a shop that answers and a console to log in to, and Ctrl-C leaves no process, even where nobody reads any more', async () => {
  await using folder = await tempHome('ns-')
  const { home } = folder
  const readyFile = join(home, 'ready.json')
  const env = { ...process.env }
  for (const name of ['NODE_TEST_CONTEXT', 'NIGHTSHIFT_HOME', 'DATABASE_URL']) delete env[name]
  // what the npm script runs; in a group of its own, as a terminal's Ctrl-C goes to the whole group
  const args = ['scripts/bootstrap.js', 'demo', '--home', home, '--api-port', '0', '--http-port', '0', '--ready-file', readyFile]
  const start = spawn(process.execPath, args, { cwd: root, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [start.stdout, start.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const ended = once(start, 'exit')
  try {
    await until(() => existsSync(readyFile) && /Three things to try/.test(said), { timeoutMs: 180_000, because: 'npm start says what to try' })
    const ready = JSON.parse(readFileSync(readyFile, 'utf8')) as { ingress: string; console: string; loginUrl: string }
    assert.ok(said.includes(ready.loginUrl))
    const shop = /shop\s+(http:\S+)/.exec(said)?.[1] ?? ''
    assert.match(await (await appFetch(shop)).text(), /Goods for the small hours/)
    assert.match(await (await fetch(ready.console)).text(), /<div id="root">/)
    assert.ok((await fetch(ready.loginUrl)).ok)
  } catch (error) {
    throw new Error(`npm start said:\n${said}`, { cause: error })
  } finally {
    // as in `npm start | head`, where the reader is gone first
    for (const stream of [start.stdout, start.stderr]) stream.destroy()
    process.kill(-(start.pid as number), 'SIGINT')
    const [code] = (await ended) as [number | null]
    const left = await processesNaming(home)
    for (const { pid } of left) process.kill(pid, 'SIGKILL')
    assert.deepEqual(left, [], said)
    assert.equal(code, 0, said)
  }
})
