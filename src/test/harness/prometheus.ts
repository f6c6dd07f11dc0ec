/** Debian's Prometheus in a folder of its own: for what it reads of us, and what we read of it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tempHome } from './home.ts'
import { freePort } from './port.ts'
import { until } from './wait.ts'

const program = '/usr/bin/prometheus'
/** Why it cannot be started here; undefined if it can. */
export const whyNoPrometheus = existsSync(program) ? undefined : 'Prometheus is not installed (Debian: prometheus): nothing is tried against it'

export type Prometheus = AsyncDisposable & { url: string; /** The value of each series that an expression gives. */ query(expression: string): Promise<{ metric: Record<string, string>; value: number }[]> }

/** Scrapes `scrape.target` each second with its token, and takes what is written to it. */
export async function startPrometheus(scrape?: { target: string; token: string }): Promise<Prometheus> {
  const folder = await tempHome('ns-prometheus-')
  const config = join(folder.home, 'prometheus.yml')
  await writeFile(config, JSON.stringify({ global: { scrape_interval: '1s' }, scrape_configs: scrape === undefined ? [] : [{ job_name: 'nightshift', authorization: { credentials: scrape.token }, static_configs: [{ targets: [scrape.target] }] }] }))
  const port = await freePort()
  const child = spawn(program, [`--config.file=${config}`, `--storage.tsdb.path=${join(folder.home, 'data')}`, `--web.listen-address=127.0.0.1:${port}`, '--web.enable-remote-write-receiver'], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (data) => (said = (said + String(data)).slice(-4000)))
  const ended = once(child, 'exit')
  const url = `http://127.0.0.1:${port}`
  await until(async () => (await fetch(`${url}/-/ready`)).ok, { because: `Prometheus is ready (${said})` })
  return {
    url,
    async query(expression) {
      const answer = (await (await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expression)}`)).json()) as { data: { result: { metric: Record<string, string>; value: [number, string] }[] } }
      return answer.data.result.map(({ metric, value: [, value] }) => ({ metric, value: Number(value) }))
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
      await folder[Symbol.asyncDispose]()
    },
  }
}
