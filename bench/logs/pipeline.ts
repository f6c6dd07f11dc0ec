/** A whole Nightshift with an app that writes so many lines a second: what each process pays for them, beside its idle share. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { appFetch } from '#test/harness/fetch.ts'
import { type ProcessName, bootNightshift } from '#test/harness/nightshift.ts'
import { until } from '#test/harness/wait.ts'
import { cpuSeconds, memoryOf } from '../rig/processes.ts'

export type PipelineResult = { written: number; storedPerSecond: number; behindMs: number; processes: { name: string; cpu: number; idleCpu: number; rssMb: number }[] }

const writer = `
import { createServer } from 'node:http'
import { writeSync } from 'node:fs'
let rate = 0, next = 0, due = 0, last = Date.now()
setInterval(() => {
  const now = Date.now(); due += (now - last) * rate / 1000; last = now
  let text = ''
  for (; due >= 1; due--) text += JSON.stringify({ level: 30, time: now, msg: 'request completed', id: 'req-' + next++ + '-' + Math.random().toString(36).slice(2, 12), ms: Math.random() * 90 }) + '\\n'
  const data = Buffer.from(text)
  for (let at = 0; at < data.length; ) at += writeSync(1, data, at)
}, 20)
createServer((request, response) => {
  const asked = new URL(request.url, 'http://app').searchParams.get('rate')
  if (asked !== null) { rate = Number(asked); due = 0; last = Date.now() }
  response.end(String(next))
}).listen(Number(process.env.PORT))
`

export async function measurePipeline(rate: number, seconds: number): Promise<PipelineResult> {
  await using nightshift = await bootNightshift({ embeddedDatabase: true })
  const folder = join(nightshift.home, 'source')
  await mkdir(folder)
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'writer', type: 'module', scripts: { start: 'node server.js' } }))
  await writeFile(join(folder, 'server.js'), writer)
  const { code, stdout, stderr } = await nightshift.cli(['deploy', folder, '--app', 'writer'])
  if (code !== 0) throw new Error(stdout + stderr)
  const names: ProcessName[] = ['agent', 'control', 'postgres', 'proxy']
  const pids = names.map((name) => nightshift.pid(name) as number)
  const ask = async (query: string) => Number(await (await appFetch(nightshift.url('writer', `/${query}`))).text())
  // the agent's children are apps
  const cpu = () => pids.map((pid, nth) => cpuSeconds(pid, names[nth] === 'postgres'))
  const over = async (ms: number) => {
    const [before, began] = [cpu(), performance.now()]
    await new Promise((resolve) => setTimeout(resolve, ms))
    const took = (performance.now() - began) / 1000
    return cpu().map((used, nth) => (used - (before[nth] as number)) / took)
  }
  const newest = async () => {
    const { lines } = await nightshift.client.call('logs.list', { query: { app: 'writer', limit: 1 } })
    return Number(/"req-(\d+)-/.exec(lines[0]?.text ?? '')?.[1] ?? -1)
  }
  await new Promise((resolve) => setTimeout(resolve, 5000))
  const idle = await over(10_000)
  await ask(`?rate=${rate}`)
  await until(async () => (await newest()) > rate * 3, { timeoutMs: 60_000, everyMs: 250, because: 'lines arrive' })
  const [first, began] = [await newest(), performance.now()]
  const busy = await over(seconds * 1000)
  const stored = ((await newest()) - first) / ((performance.now() - began) / 1000)
  const written = await ask('?rate=0')
  const stopped = performance.now()
  await until(async () => (await newest()) >= written - 1, { timeoutMs: 60_000, everyMs: 20, because: 'every line is stored' })
  return {
    written,
    storedPerSecond: stored,
    behindMs: performance.now() - stopped,
    processes: names.map((name, nth) => ({ name, cpu: busy[nth] as number, idleCpu: idle[nth] as number, rssMb: memoryOf(pids[nth] as number, name === 'postgres').rss })),
  }
}
