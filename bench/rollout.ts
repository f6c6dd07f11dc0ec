/**
 * What callers see while a release is rolled out under a constant load: a good one by each strategy, and broken ones of every kind.
 *
 *   release 1 serves with two instances → load → deploy release 2 → until it has ended and `--seconds` more → who serves?
 *
 * Flags: --rate 100, --seconds 10 (watched after the end), --only good,exits (parts of names), --wait minutes for a calm machine.
 */
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { sleep } from '#base/clock.ts'
import { messageOf } from '#base/errors.ts'
import { appFetch } from '#test/harness/fetch.ts'
import { type TestNightshift, bootNightshift } from '#test/harness/nightshift.ts'
import { until } from '#test/harness/wait.ts'
import { startLoad } from './heal/load.ts'
import { type Measured, measure } from './heal/measure.ts'
import { calm, machineLine, markdownTable, note, say, short } from './rig/report.ts'

/** `words`: what it answers with; `answers`: the status, after `slowMs`; the rest is how it is broken. */
type Kind = { name: string; expected: 1 | 2; strategy?: string; source: (words: string) => string; release?: string }

const server = ({ words, status = 200, up = 200, slowMs = 0, port = 'process.env.PORT', after = '' }: { words: string; status?: number; up?: number; slowMs?: number; port?: string; after?: string }) => `
const http = require('node:http')
const answer = (response, status) => response.writeHead(status, { 'x-process': '${words}-' + process.pid }).end('${words}')
http.createServer((request, response) => {
  request.resume()
  if (request.url === '/up') return response.writeHead(${up}).end()
  setTimeout(answer, ${slowMs}, response, ${status})
}).listen(${port})
${after}
`

const kinds: readonly Kind[] = [
  { name: 'good, rolling', expected: 2, source: (words) => server({ words }) },
  { name: 'good, blue-green', expected: 2, strategy: 'blue-green', source: (words) => server({ words }) },
  { name: 'good, canary', expected: 2, strategy: 'canary, canary: [10%, 50%], hold: 5s', source: (words) => server({ words }) },
  { name: 'exits at once', expected: 1, source: () => 'process.exit(1)' },
  { name: 'never healthy', expected: 1, source: (words) => server({ words, up: 503 }) },
  { name: 'binds the wrong port', expected: 1, source: (words) => server({ words, port: '0' }) },
  { name: 'its release command fails', expected: 1, release: 'exit 3', source: (words) => server({ words }) },
  { name: 'healthy, answers 500', expected: 1, source: (words) => server({ words, status: 500 }) },
  { name: 'healthy, answers 500, canary', expected: 1, strategy: 'canary, canary: [10%], hold: 60s', source: (words) => server({ words, status: 500 }) },
  { name: 'healthy, slow', expected: 1, source: (words) => server({ words, slowMs: 400 }) },
  { name: 'crashes after ten seconds', expected: 1, source: (words) => server({ words, after: 'setTimeout(() => process.exit(1), 10_000)' }) },
]

const manifest = (kind: Kind | null) => `
name: rolled
${kind?.release === undefined ? '' : `release: ${kind.release}`}
services:
  web:
    command: [node, server.js]
    scale: 2
    health: { path: /up, interval: 1s, startup: 10s }
deploy: { strategy: ${kind?.strategy ?? 'rolling'}, drain: 5s }
`

export async function runRollout(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { rate: { type: 'string', default: '100' }, seconds: { type: 'string', default: '10' }, only: { type: 'string', default: '' }, wait: { type: 'string', default: '10' } } })
  const wanted = values.only.split(',')
  const cases = kinds.filter(({ name }) => wanted.some((part) => name.includes(part)))
  await calm(1.5, Number(values.wait) * 60_000)
  say(`${machineLine()}; ${values.rate} requests/s, one in five a POST, two instances, process driver\n`)
  const rows: string[][] = []
  for (const kind of cases) {
    note(kind.name)
    try {
      rows.push([kind.name, ...cells(await once(kind, Number(values.rate), Number(values.seconds)))])
    } catch (error) {
      say(`${kind.name}: ${messageOf(error)}`)
    }
  }
  say(markdownTable(['release', 'failed', 'of', 'p99 ms', 'max ms', 'decided after s', 'serves in the end', 'why'], rows))
}

type Result = Measured & { tookMs: number; serves: string; why: string }

function cells({ failedGets, failedPosts, sent, p99Ms, maxMs, tookMs, serves, why }: Result): string[] {
  return [short(failedGets + failedPosts), short(sent), short(p99Ms), short(maxMs), short(tookMs / 1000), serves, why]
}

async function once(kind: Kind, rate: number, seconds: number): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-rollout-'))
  try {
    await using nightshift = await bootNightshift({ driver: 'process' })
    await deploy(nightshift, join(folder, 'one'), manifest(null), server({ words: 'one' }))
    const load = startLoad(nightshift.url('rolled', ''), { rate, timeoutMs: 10_000, run: 'r' })
    try {
      await sleep(15_000) // there must be something to compare with
      const startedAt = performance.now()
      const before = new Set(load.outcomes.flatMap((one) => one.process ?? []))
      await deploy(nightshift, join(folder, 'two'), manifest(kind), kind.source('two')).catch(() => {}) // what fails is what is measured
      const why = await decided(nightshift, kind)
      const tookMs = performance.now() - startedAt
      await sleep(seconds * 1000)
      const serves = await (await appFetch(nightshift.url('rolled'))).text()
      if (serves !== (kind.expected === 1 ? 'one' : 'two')) throw new Error(`release "${serves}" serves in the end`)
      return { ...measure(await load.stop(), startedAt, before), tookMs, serves, why }
    } finally {
      await load.stop()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function deploy(nightshift: TestNightshift, folder: string, manifestText: string, source: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'nightshift.yml'), manifestText)
  await writeFile(join(folder, 'package.json'), '{}')
  await writeFile(join(folder, 'server.js'), source)
  const { code, stdout, stderr } = await nightshift.cli(['deploy', folder])
  if (code !== 0) throw new Error(stdout + stderr)
}

/** Until the good one serves alone, or the broken one is given up or rolled back and nothing of it is left. */
async function decided({ client }: TestNightshift, kind: Kind): Promise<string> {
  return until(
    async () => {
      const app = await client.call('apps.read', { params: { app: 'rolled' } })
      const bake = await client.call('bakes.read', { params: { app: 'rolled' } })
      const releases = new Set(app.services.flatMap((service) => service.instances).map((one) => one.release))
      if (app.rollout?.finishedAt == null || releases.size !== 1) return undefined
      if (kind.expected === 2) return releases.has(2) && 'it is good'
      if (bake?.state === 'condemned' && releases.has(bake.rolledBackTo ?? 0)) return bake.because
      return app.rollout.state === 'failed' && releases.has(1) && app.rollout.because
    },
    { timeoutMs: 240_000, everyMs: 250, because: 'it is decided' },
  )
}
