/**
 * The proxy beside its peers: one core each, the same native backend, the same run, rounds in turn (A B C … A B C …), so
 * that whatever else the machine does falls on all of them. Ratios are taken within a round, then the median over rounds.
 *
 *   core 0: the contestant of the moment        core 1: the backend (nginx, static) and the load (wrk)
 *
 * Flags: --rounds 3, --seconds 4, --cases small,large,tls, --only nightshift,caddy (nginx is always there), --wait minutes,
 * --node-flags=--max-semi-space-size=4,… (one more nightshift with each).
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { get as getSecure } from 'node:https'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { tempHome } from '#test/harness/home.ts'
import { freePort } from '#test/harness/port.ts'
import { until } from '#test/harness/wait.ts'
import { type Contestant, contestants, type Ground, installLibraries, nginxServer } from './contestants.ts'
import { cpuSeconds, type Memory, memoryOf, type Started } from './rig/processes.ts'
import { calm, machineLine, markdownTable, median, note, ratio, say, short } from './rig/report.ts'
import { type Load, runWrk } from './rig/wrk.ts'

const host = 'localhost' // wrk has no other way to say a name that every machine resolves
const proxyCore = '0'
const loadCore = '1'
const connections = 64

const cases = {
  small: { title: '100 B', path: '/small', bytes: 100, secure: false },
  large: { title: '64 KB', path: '/large', bytes: 65_536, secure: false },
  tls: { title: '100 B over TLS, kept connections', path: '/small', bytes: 100, secure: true },
} as const
type CaseName = keyof typeof cases

type Sample = Load & { cpuPer100k: number }
type Running = { contestant: Contestant; started: Started; http: number; https: number; idle: Memory; samples: Sample[] }

export async function runIngress(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '4' },
      cases: { type: 'string', default: 'small,large,tls' },
      only: { type: 'string', default: '' },
      wait: { type: 'string', default: '10' },
      'node-flags': { type: 'string', default: '' },
    },
  })
  const words = (text: string, by: string) => text.split(by).filter((word) => word !== '')
  const only = words(values.only, ',')
  await using temp = await tempHome('nightshift-ingress-')
  const folder = temp.home
  const withLibraries = only.length === 0 || only.some((name) => name.startsWith('http'))
  const ground: Ground = { folder, cores: proxyCore, backendPort: await freePort(), host, libraries: folder, ...certificate(folder) }
  const all = contestants({ withLibraries: withLibraries && installLibraries(folder), only, nodeFlags: words(values['node-flags'], ',') })
  if (!(await calm(1.5, Number(values.wait) * 60_000))) note('the machine did not calm down; rounds are in turn, so ratios still mean something')
  say(`${machineLine()}\n${all.map(({ name, version }) => `${name} ${version}`).join(', ')}; ${values.rounds} rounds of ${values.seconds} s, ${connections} connections\n`)

  const backend = startBackend(ground)
  const running: Running[] = []
  try {
    await answers(ground.backendPort, cases.small)
    for (const contestant of all) {
      const ports = { http: await freePort(), https: await freePort() }
      const started = contestant.start(ground, ports)
      const one: Running = { contestant, started, ...ports, idle: { rss: 0, pss: 0, peak: 0 }, samples: [] }
      running.push(one)
      for (const each of Object.values(cases)) await answers(each.secure ? ports.https : ports.http, each)
      one.idle = memoryOf(started.pid)
    }
    for (const name of words(values.cases, ',') as CaseName[]) await measure(name, running, ground, Number(values.rounds), Number(values.seconds))
  } finally {
    for (const { started } of running) await started.stop()
    await backend.stop()
  }
}

function certificate(folder: string): { certificate: string; key: string } {
  const [file, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')]
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  execFileSync('openssl', ['req', '-x509', ...curve, '-keyout', key, '-out', file, '-days', '2', '-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`], { stdio: 'ignore' })
  return { certificate: file, key }
}

function startBackend(ground: Ground): Started {
  const site = join(ground.folder, 'site')
  mkdirSync(site)
  writeFileSync(join(site, 'small'), 'x'.repeat(cases.small.bytes))
  writeFileSync(join(site, 'large'), 'x'.repeat(cases.large.bytes))
  const server = `server { listen 127.0.0.1:${ground.backendPort}; root ${site}; open_file_cache max=10; location / { } }`
  return nginxServer({ folder: ground.folder, cores: loadCore }, 'backend', server)
}

/** A contestant that answers wrongly would win. */
async function answers(port: number, { path, bytes, secure }: (typeof cases)[CaseName]): Promise<void> {
  await until(
    () =>
      new Promise<boolean>((resolve, reject) => {
        const options = { host: '127.0.0.1', port, path, headers: { host }, servername: host, rejectUnauthorized: false, agent: false }
        const request = (secure ? getSecure : get)(options, (response) => {
          let received = 0
          response.on('data', (chunk: Buffer) => (received += chunk.length))
          response.on('end', () => (response.statusCode === 200 && received === bytes ? resolve(true) : reject(new Error(`status ${response.statusCode}, ${received} bytes`))))
        })
        request.on('error', reject)
      }),
    { timeoutMs: 15_000, because: `port ${port} answers ${path}` },
  )
}

async function measure(name: CaseName, running: Running[], ground: Ground, rounds: number, seconds: number): Promise<void> {
  const { title, path, secure } = cases[name]
  const direct: number[] = []
  for (const one of running) one.samples = []
  for (let round = 0; round < rounds; round++) {
    // no proxy: what load and backend can do, on both cores
    if (!secure) direct.push((await runWrk(`http://127.0.0.1:${ground.backendPort}${path}`, { cores: proxyCore, connections, seconds: Math.min(seconds, 2), host })).requestsPerSecond)
    for (const one of running) {
      const url = secure ? `https://${host}:${one.https}${path}` : `http://127.0.0.1:${one.http}${path}`
      const load = { cores: loadCore, connections, host }
      await runWrk(url, { ...load, seconds: round === 0 ? 3 : 1 }) // compilers and caches get warm
      const before = cpuSeconds(one.started.pid)
      const result = await runWrk(url, { ...load, seconds })
      one.samples.push({ ...result, cpuPer100k: ((cpuSeconds(one.started.pid) - before) / result.requests) * 100_000 })
      note(`${title}, round ${round + 1}: ${one.contestant.name} ${short(result.requestsPerSecond)} req/s${result.errors > 0 ? `, ${result.errors} errors` : ''}`)
    }
  }
  print(title, running, direct)
}

function print(title: string, running: Running[], direct: number[]): void {
  const reference = running.find(({ contestant }) => contestant.name === 'nginx')?.samples ?? []
  const relative = (values: number[], of: (sample: Sample) => number) => median(values.map((value, round) => value / (reference[round] ? of(reference[round]) : Number.NaN)))
  const rows = running.map(({ contestant, samples, started, idle }) => {
    const rates = samples.map((sample) => sample.requestsPerSecond)
    const middle = (of: (sample: Sample) => number) => short(median(samples.map(of)))
    const errors = samples.reduce((sum, sample) => sum + sample.errors, 0)
    return [
      contestant.name,
      short(median(rates)),
      ratio(relative(rates, (sample) => sample.requestsPerSecond)),
      `${middle((sample) => sample.p50Ms)} / ${middle((sample) => sample.p99Ms)}`,
      middle((sample) => sample.cpuPer100k),
      ratio(relative(samples.map((sample) => sample.cpuPer100k), (sample) => sample.cpuPer100k)),
      `${short(idle.rss)} (${short(memoryOf(started.pid).peak)})`,
      String(errors),
    ]
  })
  if (direct.length > 0) rows.push(['no proxy', short(median(direct)), ratio(relative(direct, (sample) => sample.requestsPerSecond)), '', '', '', '', ''])
  say(`### ${title}\n`)
  say(markdownTable(['', 'req/s', '× nginx', 'p50 / p99 ms', 'CPU s per 100 k', 'CPU × nginx', 'memory MiB idle (peak)', 'errors'], rows))
  say('')
}
