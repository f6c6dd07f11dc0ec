/**
 * HTTP checks by the thousand, from outside: how much CPU, how true to the schedule, and how long until a target that falls is
 * known to be down. The target is a process of its own that says who came when. Beside Debian's Prometheus with its blackbox exporter where
 * both are installed: the same targets at the same interval.
 *
 * Flags: --checks 1000, --every 10 (seconds), --watch 60 (seconds), --fall 50 (targets), --wait minutes, --peer no.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { sleep } from '#base/clock.ts'
import { bootNightshift } from '#test/harness/nightshift.ts'
import { freePort } from '#test/harness/port.ts'
import { until } from '#test/harness/wait.ts'
import { cpuSeconds, memoryOf, startPinned } from './rig/processes.ts'
import { calm, machineLine, markdownTable, median, note, say, short } from './rig/report.ts'

type Shape = { checks: number; everyMs: number; watchMs: number; fall: number }
type Row = { name: string; cpu: number; memory: number; runs: number; off50: number; off99: number; fell50: number; fellMax: number; told50: number; toldMax: number }
type Target = { port: number; seen: [path: string, atMs: number, status: number][]; break(paths: string[]): void; stop(): void }

export async function runChecks(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { checks: { type: 'string', default: '1000' }, every: { type: 'string', default: '10' }, watch: { type: 'string', default: '60' }, fall: { type: 'string', default: '50' }, wait: { type: 'string', default: '10' }, peer: { type: 'string', default: 'yes' } } })
  const shape: Shape = { checks: Number(values.checks), everyMs: Number(values.every) * 1000, watchMs: Number(values.watch) * 1000, fall: Number(values.fall) }
  await calm(1.5, Number(values.wait) * 60_000)
  say(`${machineLine()}\n${shape.checks} HTTP checks every ${values.every} s, watched for ${values.watch} s\n`)
  const rows = [await ofNightshift(shape)]
  if (values.peer !== 'no' && peers.every(existsSync)) rows.push(await ofPrometheus(shape))
  else note(`no peer: ${peers.find((path) => !existsSync(path)) ?? 'not wanted'}`)
  say(markdownTable(
    ['', 'CPU, cores', 'memory, MiB', 'runs/s', 'off its time p50 / p99, ms', 'target falls → known p50 / max, s', 'first failed run → known p50 / max, ms'],
    rows.map((row) => [row.name, short(row.cpu), short(row.memory), short(row.runs), `${short(row.off50)} / ${short(row.off99)}`, `${short(row.fell50)} / ${short(row.fellMax)}`, `${short(row.told50)} / ${short(row.toldMax)}`]),
  ))
}

async function startTarget(): Promise<Target> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'peers', 'checked.ts')], { stdio: ['pipe', 'pipe', 'inherit'] })
  const seen: Target['seen'] = []
  const port = await new Promise<number>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const said = JSON.parse(line) as { port?: number; seen?: Target['seen'] }
      if (said.port !== undefined) resolve(said.port)
      else seen.push(...(said.seen ?? []))
    })
  })
  return { port, seen, break: (paths) => void child.stdin.write(`${JSON.stringify(paths)}\n`), stop: () => void child.kill() }
}

/** How far each run began from where the first one of its path and the interval put it; absolute, sorted. */
export function offTimes(seen: Target['seen'], everyMs: number): number[] {
  const first = new Map<string, number>()
  const off: number[] = []
  for (const [path, at] of seen) {
    const from = first.get(path)
    if (from === undefined) first.set(path, at)
    else off.push(Math.abs(at - from - Math.round((at - from) / everyMs) * everyMs))
  }
  return off.sort((a, b) => a - b)
}

const at = (sorted: readonly number[], share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN

/** @param pids  whose CPU and memory count, with their children */
async function measured(name: string, shape: Shape, target: Target, pids: readonly number[], down: () => Promise<Set<string>>): Promise<Row> {
  const used = () => pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0)
  target.seen.length = 0
  const [cpuBefore, began] = [used(), performance.now()]
  await sleep(shape.watchMs)
  const cpu = (used() - cpuBefore) / ((performance.now() - began) / 1000)
  const memory = pids.reduce((sum, pid) => sum + memoryOf(pid).pss, 0)
  const runs = target.seen.length / (shape.watchMs / 1000)
  const off = offTimes(target.seen, shape.everyMs)
  note(`${name}: ${short(cpu)} cores, off ${short(at(off, 0.5))} / ${short(at(off, 0.99))} ms`)
  const paths = Array.from({ length: shape.fall }, (_, nth) => `t${nth * Math.floor(shape.checks / shape.fall)}`)
  const struckAt = Date.now()
  target.break(paths)
  const knownAt = new Map<string, number>()
  for (const end = struckAt + 6 * shape.everyMs; knownAt.size < shape.fall && Date.now() < end; await sleep(50)) for (const path of await down()) if (!knownAt.has(path)) knownAt.set(path, Date.now())
  await sleep(200)
  const failedAt = (path: string) => target.seen.find(([each, , status]) => each === path && status === 503)?.[1] ?? Number.NaN
  const fell = [...knownAt.values()].map((known) => (known - struckAt) / 1000).sort((a, b) => a - b)
  const told = [...knownAt].map(([path, known]) => known - failedAt(path)).sort((a, b) => a - b)
  return { name: knownAt.size === shape.fall ? name : `${name} (${knownAt.size} of ${shape.fall} were noticed)`, cpu, memory, runs, off50: at(off, 0.5), off99: at(off, 0.99), fell50: median(fell), fellMax: fell.at(-1) ?? Number.NaN, told50: median(told), toldMax: told.at(-1) ?? Number.NaN }
}

async function ofNightshift(shape: Shape): Promise<Row> {
  const target = await startTarget()
  try {
    await using nightshift = await bootNightshift({ embeddedDatabase: true })
    note(`making ${shape.checks} checks`)
    for (let nth = 0; nth < shape.checks; nth++) await nightshift.client.call('checks.create', { body: { name: `t${nth}`, kind: 'http', config: { url: `http://127.0.0.1:${target.port}/t${nth}` }, every: `${shape.everyMs / 1000}s`, retries: 0 } })
    await until(() => new Set(target.seen.map(([path]) => path)).size === shape.checks, { because: 'every check has run', timeoutMs: 60_000 })
    await sleep(shape.everyMs)
    const pids = (['control', 'postgres'] as const).flatMap((each) => nightshift.pid(each) ?? [])
    return await measured('nightshift (control, PostgreSQL)', shape, target, pids, async () => new Set((await nightshift.client.call('checks.list', { query: { state: 'down' } })).map(({ name }) => name)))
  } finally {
    target.stop()
  }
}

const peers = ['/usr/bin/prometheus', '/usr/bin/prometheus-blackbox-exporter']

async function ofPrometheus(shape: Shape): Promise<Row> {
  const target = await startTarget()
  const folder = await mkdtemp(join(tmpdir(), 'nightshift-prometheus-'))
  const [port, probes] = [await freePort(), await freePort()]
  const targets = Array.from({ length: shape.checks }, (_, nth) => `http://127.0.0.1:${target.port}/t${nth}`)
  await writeFile(join(folder, 'blackbox.yml'), 'modules: { http: { prober: http, timeout: 5s, http: { preferred_ip_protocol: ip4 } } }\n')
  await writeFile(join(folder, 'prometheus.yml'), JSON.stringify({
    global: { scrape_interval: `${shape.everyMs / 1000}s` },
    scrape_configs: [{ job_name: 'probes', metrics_path: '/probe', params: { module: ['http'] }, static_configs: [{ targets }], relabel_configs: [{ source_labels: ['__address__'], target_label: '__param_target' }, { source_labels: ['__param_target'], target_label: 'instance' }, { target_label: '__address__', replacement: `127.0.0.1:${probes}` }] }],
  }))
  const started = [
    startPinned('0-1', ['prometheus-blackbox-exporter', `--config.file=${folder}/blackbox.yml`, `--web.listen-address=127.0.0.1:${probes}`, '--log.level=error']),
    startPinned('0-1', ['prometheus', `--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=127.0.0.1:${port}`, '--log.level=error']),
  ]
  const down = async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent('probe_success == 0')}`)
    const { data } = (await answer.json()) as { data: { result: { metric: { instance: string } }[] } }
    return new Set(data.result.map(({ metric }) => metric.instance.split('/').at(-1) as string))
  }
  try {
    await until(() => new Set(target.seen.map(([path]) => path)).size === shape.checks, { because: 'every target was probed', timeoutMs: 60_000 })
    await sleep(shape.everyMs)
    return await measured('Prometheus with blackbox exporter', shape, target, started.map(({ pid }) => pid), down)
  } finally {
    for (const each of started) await each.stop()
    target.stop()
    await rm(folder, { recursive: true, force: true })
  }
}
