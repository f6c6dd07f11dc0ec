/**
 * What Nightshift costs and how fast it moves, from outside, as an operator would see it: the real `nightshift up` with
 * its embedded database in a fresh home, real apps, the real command line.
 *
 *   time to ready (cold home, warm home) → memory idle → deploys → memory with apps → crashes
 *
 * Flags: --apps 20, --driver process|docker, --crashes 5, --idle 20 (seconds before memory is read), --wait minutes.
 */
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { sleep } from '#base/clock.ts'
import { messageOf } from '#base/errors.ts'
import { bootNightshift, type ProcessName, type TestNightshift } from '#test/harness/nightshift.ts'
import { loopback } from '#test/harness/request-loop.ts'
import { until } from '#test/harness/wait.ts'
import { type Memory, memoryOf, treeOf } from './rig/processes.ts'
import { calm, machineLine, markdownTable, median, note, say, short } from './rig/report.ts'

const names: ProcessName[] = ['supervisor', 'control', 'agent', 'proxy', 'postgres']
const example = join(import.meta.dirname, '..', 'examples', 'hello-node')

export async function runFootprint(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      apps: { type: 'string', default: '20' },
      driver: { type: 'string', default: 'process' },
      crashes: { type: 'string', default: '5' },
      idle: { type: 'string', default: '20' },
      wait: { type: 'string', default: '10' },
    },
  })
  const driver = values.driver === 'docker' ? 'docker' : 'process'
  await calm(1.5, Number(values.wait) * 60_000)
  say(`${machineLine()}, ${driver} driver\n`)
  const times: string[][] = []
  const took = async <T>(what: string, run: () => Promise<T>): Promise<T> => {
    const from = performance.now()
    const result = await run()
    times.push([what, seconds(performance.now() - from)])
    note(times.at(-1)?.join(': ') ?? '')
    return result
  }

  const folder = await mkdtemp(join(tmpdir(), 'nightshift-footprint-'))
  try {
    await using nightshift = await took('`nightshift up` to ready, cold home (makes the database)', () => bootNightshift({ embeddedDatabase: true, driver }))
    await nightshift.down()
    await took('`nightshift up` to ready, warm home', () => nightshift.up())
    const idle = await memory(nightshift, Number(values.idle))

    const deploys: number[] = []
    for (let nth = 1; nth <= Number(values.apps); nth++) deploys.push(await deploy(nightshift, folder, `hello-${nth}`))
    if (deploys.length > 0) times.push(['`nightshift deploy` to serving, the first', seconds(deploys[0] as number)])
    if (deploys.length > 1) {
      times.push([`the same, median of ${deploys.length - 1} more apps`, seconds(median(deploys.slice(1)))])
      times.push(['a second release of one of them', seconds(await deploy(nightshift, folder, 'hello-1'))])
    }
    const loaded = await memory(nightshift, Number(values.idle))
    if (deploys.length > 0 && driver === 'process') times.push(...(await crashes(nightshift, 'hello-1', Number(values.crashes))))

    say(markdownTable(['', 'time'], times))
    say('')
    const row = (name: ProcessName) => [name, ...cells(idle.get(name)), ...cells(loaded.get(name))]
    const total = (all: Map<ProcessName, Memory>) => short([...all.values()].reduce((sum, each) => sum + each.pss, 0))
    const apps = `with ${deploys.length} apps`
    const columns = ['MiB', 'RSS idle', 'PSS idle', 'peak', `RSS ${apps}`, `PSS ${apps}`, 'peak']
    say(markdownTable(columns, [...names.map(row), ['all', '', total(idle), '', '', total(loaded), '']]))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const seconds = (ms: number) => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`)

function cells(memory: Memory | undefined): string[] {
  return memory === undefined ? ['–', '–', '–'] : [short(memory.rss), short(memory.pss), short(memory.peak)]
}

async function memory(nightshift: TestNightshift, idleSeconds: number): Promise<Map<ProcessName, Memory>> {
  await sleep(idleSeconds * 1000)
  const all = new Map<ProcessName, Memory>()
  for (const name of names) {
    const pid = nightshift.pid(name)
    // the supervisor's children are processes of their own here
    if (pid !== undefined) all.set(name, memoryOf(pid, name === 'postgres'))
  }
  return all
}

/** Milliseconds from the command to the first good answer through the ingress. */
async function deploy(nightshift: TestNightshift, folder: string, app: string): Promise<number> {
  const source = join(folder, app)
  await cp(example, source, { recursive: true })
  const from = performance.now()
  const { code, stdout, stderr } = await nightshift.cli(['deploy', source, '-a', app])
  if (code !== 0) throw new Error(`deploy of ${app} ended with ${code}: ${stdout}${stderr}`)
  await ask(nightshift.url(app))
  const took = performance.now() - from
  note(`${app} deployed in ${seconds(took)}`)
  return took
}

/** One request on a connection of its own; resolves when it was answered with 200. */
function ask(url: string): Promise<true> {
  return new Promise((resolve, reject) => {
    const call = request(url, { agent: false, lookup: loopback }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('end', () => (response.statusCode === 200 ? resolve(true) : reject(new Error(`status ${response.statusCode}: ${text.slice(0, 300)}`))))
    })
    call.on('error', reject)
    call.end()
  })
}

/** The only instance is killed, and a request sent at once: it waits at the proxy until there is another one. */
async function crashes(nightshift: TestNightshift, app: string, count: number): Promise<string[][]> {
  const noticed: number[] = []
  const served: number[] = []
  let failed = 0
  for (let nth = 0; nth < count; nth++) {
    const instance = () => nightshift.client.call('apps.read', { params: { app }, query: { environment: 'production' } }).then((view) => view.services[0]?.instances.find(({ state }) => state === 'ready'))
    // the answer comes by way of the agent's word; a pid that lives is the present one
    const pid = await until(async () => alive((await instance())?.pid ?? 0), { timeoutMs: 60_000, everyMs: 200, because: `${app} has a ready instance` })
    const at = Date.now()
    for (const each of treeOf(pid)) process.kill(each, 'SIGKILL') // the shell that runs its command, and the app
    await sleep(1) // the signal is on its way, not the request
    const from = performance.now()
    await ask(nightshift.url(app)).catch(async (error: unknown) => {
      failed++
      note(messageOf(error).split('\n')[0] ?? '')
      await until(() => ask(nightshift.url(app)), { timeoutMs: 60_000, everyMs: 5, because: `${app} serves again` })
    })
    served.push(performance.now() - from)
    const exit = await until(
      async () => (await nightshift.client.call('events.list', { query: { app, kind: 'instance.exited', limit: 1 } })).find((event) => Date.parse(event.at) >= at - 5),
      { timeoutMs: 30_000, everyMs: 200, because: 'the exit is in the journal' },
    )
    noticed.push(Date.parse(exit.at) - at)
  }
  return [
    [`kill -9 of the only instance → noticed by the agent, median of ${count}`, seconds(median(noticed))],
    [`→ serves again (of ${count} requests sent 1 ms after the kill ${failed} failed, the others waited)`, seconds(median(served))],
  ]
}

function alive(pid: number): number | false {
  try {
    process.kill(pid, 0)
    return pid > 0 && pid
  } catch {
    return false
  }
}
