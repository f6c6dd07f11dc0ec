/**
 * A whole Nightshift for a test: the real `nightshift up` with real processes, on free ports, in a folder of its own.
 * It ends with `await using`, apps included, and also when the test's process dies without a word.
 */
import { execFile, spawn } from 'node:child_process'
import { readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Client, createClient } from '#contract/client.ts'
import { tempHome } from './home.ts'
import { testDatabase } from './postgres.ts'
import { until } from './wait.ts'

const root = join(import.meta.dirname, '../../..')
const executable = join(root, 'bin', 'nightshift')

export type CliResult = { code: number; stdout: string; stderr: string }
export type ProcessName = 'supervisor' | 'postgres' | 'control' | 'agent' | 'proxy'

export type TestNightshift = AsyncDisposable & {
  home: string
  /** `http://127.0.0.1:port` */
  api: string
  /** `http://localhost:port`; apps are at `http://<app>.localhost:port`. */
  ingress: string
  ingressPort: number
  loginUrl: string
  adminToken: string
  client: Client
  /** The URL of an app: `url('shop', '/cart')`. */
  url(app: string, path?: string): string
  /** Runs the command line against it; a code other than 0 is a value, not an error. */
  cli(args: string[], options?: { cwd?: string; input?: string; env?: Record<string, string>; timeoutMs?: number }): Promise<CliResult>
  /** The living process's pid, or undefined. */
  pid(name: ProcessName): number | undefined
  /** Signals one process (default SIGKILL) and returns its pid. */
  kill(name: ProcessName, signal?: NodeJS.Signals): number
  /** Waits until a process other than `notPid` runs under this name and everything is ready. */
  back(name: ProcessName, notPid: number): Promise<number>
  /** `nightshift down`; with `apps` they stop too. */
  down(options?: { apps?: boolean }): Promise<void>
  /** `nightshift up` again, on the same home and ports. */
  up(): Promise<void>
}

export type BootOptions = {
  /** Its home, such as a small disk; goes with it. Default: a fresh folder. */
  folder?: { home: string } & AsyncDisposable
  driver?: 'process' | 'docker'
  /** true: the embedded PostgreSQL of this home. Default: a fresh database of the test server, which starts faster. */
  embeddedDatabase?: boolean
  /** More flags of `nightshift up`, such as `['--https-port', '0']`. */
  args?: string[]
  env?: Record<string, string>
}

export async function bootNightshift(options: BootOptions = {}): Promise<TestNightshift> {
  const folder = options.folder ?? (await tempHome('ns-'))
  const { home } = folder
  const database = options.embeddedDatabase ? undefined : await testDatabase()
  const env: NodeJS.ProcessEnv = { ...process.env, NIGHTSHIFT_HOME: home, ...options.env }
  for (const name of ['NODE_TEST_CONTEXT', 'NIGHTSHIFT_URL', 'NIGHTSHIFT_TOKEN', 'DATABASE_URL', 'NODE_OPTIONS']) delete env[name]
  if (database) env['DATABASE_URL'] = database.url
  const readyFile = join(home, 'ready.json')
  const upArgs = ['up', '--detach', '--home', home, '--api-port', '0', '--http-port', '0', '--http-host', '127.0.0.1', '--driver', options.driver ?? 'process', '--ready-file', readyFile, ...(options.args ?? [])]
  const cli: TestNightshift['cli'] = (args, more = {}) => runCli(args, { ...more, env: { ...env, ...more.env } })

  async function up(): Promise<void> {
    const { code, stdout, stderr } = await cli(upArgs, { timeoutMs: 120_000 })
    if (code !== 0) throw new Error(`nightshift up ended with ${code}: ${stdout}${stderr}\n${lastLines(home)}`)
  }

  // the watcher's input closes when this process dies, however it dies
  const script = 'read -r _; "$1" down --apps --home "$2"; rm -rf "$2"'
  const watcher = spawn('/bin/sh', ['-c', script, 'watcher', executable, home], { detached: true, stdio: ['pipe', 'ignore', 'ignore'], env })
  watcher.unref()
  ;(watcher.stdin as unknown as { unref(): void }).unref()

  async function dispose(): Promise<void> {
    const { code, stdout, stderr } = await cli(['down', '--apps', '--home', home], { timeoutMs: 180_000 })
    watcher.kill('SIGKILL')
    const left = await processesNaming(home)
    for (const { pid } of left) process.kill(pid, 'SIGKILL')
    const log = code === 0 ? '' : lastLines(home)
    await folder[Symbol.asyncDispose]()
    await database?.[Symbol.asyncDispose]()
    if (code !== 0) throw new Error(`nightshift down --apps ended with ${code}: ${stdout}${stderr}\n${log}`)
    if (left.length > 0) throw new Error(`nightshift down --apps left processes: ${left.map(({ pid, command }) => `${pid} ${command}`).join('; ')}`)
  }

  try {
    await up()
    const ready = JSON.parse(await readFile(readyFile, 'utf8')) as { api: string; ingress: string; loginUrl: string }
    const adminToken = readFileSync(join(home, 'keys', 'admin.token'), 'utf8').trim()
    const ingressPort = Number(new URL(ready.ingress).port)
    const pid = (name: ProcessName) => pidOf(home, name)
    return {
      ...ready,
      home,
      ingressPort,
      adminToken,
      client: createClient({ baseUrl: ready.api, token: adminToken }),
      url: (app, path = '/') => `http://${app}.localhost:${ingressPort}${path}`,
      cli,
      pid,
      kill(name, signal = 'SIGKILL') {
        const target = pid(name)
        if (target === undefined) throw new Error(`${name} does not run`)
        process.kill(target, signal)
        return target
      },
      async back(name, notPid) {
        return until(
          async () => {
            const now = pid(name)
            if (now === undefined || now === notPid) return false
            return (await cli(['status', '--home', home])).code === 0 && now
          },
          { timeoutMs: 60_000, everyMs: 100, because: `${name} is back and everything is ready` },
        )
      },
      async down({ apps = false } = {}) {
        const { code, stdout, stderr } = await cli(['down', '--home', home, ...(apps ? ['--apps'] : [])], { timeoutMs: 180_000 })
        if (code !== 0) throw new Error(`nightshift down ended with ${code}: ${stdout}${stderr}`)
      },
      up,
      [Symbol.asyncDispose]: dispose,
    }
  } catch (error) {
    await dispose().catch(() => {})
    throw error
  }
}

function runCli(args: string[], options: { cwd?: string; input?: string; env: NodeJS.ProcessEnv; timeoutMs?: number }): Promise<CliResult> {
  return new Promise((resolve) => {
    const { cwd = root, env, timeoutMs = 120_000 } = options
    const child = execFile(executable, args, { cwd, env, timeout: timeoutMs, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1
      resolve({ code, stdout, stderr: error?.killed ? `${stderr}\n(stopped by the test after ${timeoutMs} ms)` : stderr })
    })
    child.stdin?.on('error', () => {}) // it ended without reading
    child.stdin?.end(options.input ?? '')
  })
}

function pidOf(home: string, name: ProcessName): number | undefined {
  const file = join(home, 'run', name === 'supervisor' ? 'up' : name)
  // a full disk may have had no room for its record; its lock needs none
  const sources = [() => (JSON.parse(readFileSync(`${file}.json`, 'utf8')) as { pid: number }).pid, () => Number(readlinkSync(`${file}.lock`).split(' ')[0])]
  for (const read of sources) {
    try {
      const pid = read()
      process.kill(pid, 0)
      return pid
    } catch {} // it is not there, or another one's that is gone
  }
  return undefined
}

/** Living processes that have the home in their command line: ours, the database's and the apps'. */
export async function processesNaming(home: string): Promise<{ pid: number; command: string }[]> {
  const found = () =>
    readdirSync('/proc').flatMap((name) => {
      if (!/^\d+$/.test(name)) return []
      try {
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
        return command.includes(home) ? [{ pid: Number(name), command }] : []
      } catch {
        return []
      }
    })
  if (process.platform !== 'linux') return []
  // the watcher, killed a moment ago, may still be seen
  await until(() => found().length === 0, { timeoutMs: 2000, because: 'all processes are gone' }).catch(() => {})
  return found()
}

function lastLines(home: string): string {
  const folder = join(home, 'log')
  return readdirSync(folder)
    .map((name) => `--- ${name}\n${readFileSync(join(folder, name), 'utf8').slice(-3000)}`)
    .join('\n')
}
