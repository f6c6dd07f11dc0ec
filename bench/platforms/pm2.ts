import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '#test/harness/port.ts'
import { until } from '#test/harness/wait.ts'
import { answers } from '../rig/ask.ts'
import { treeOf } from '../rig/processes.ts'
import { type Platform, memoryMB, signalTo, writeProgram } from './platform.ts'

const run = promisify(execFile)
const version = '7.0.4'

/** From the registry, into a folder that goes away, once a run of a bench. */
async function installed(folder: string): Promise<string> {
  const bin = join(folder, 'node_modules/pm2/bin/pm2')
  if (existsSync(bin)) return bin
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{}')
  await run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', `pm2@${version}`], { cwd: folder, timeout: 120_000 })
  return bin
}

/** Its cluster mode: the processes share the port, and pm2 starts again what ends, and reloads what grows. */
export const pm2: Platform = {
  name: 'pm2 cluster',
  programs: ['npm'],
  docker: false,
  cureSeconds: 0,
  compareSeconds: 0,
  hasStrategies: false,
  async start(folder, count, release) {
    mkdirSync(folder, { recursive: true })
    writeProgram(folder, release)
    const bin = await installed(join(dirname(folder), 'pm2'))
    const port = await freePort()
    const home = join(folder, 'home')
    const env = { ...process.env, PM2_HOME: home, PORT: String(port), PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}` }
    const cli = async (...args: string[]) => (await run(process.execPath, [bin, ...args], { cwd: folder, env, maxBuffer: 16 * 2 ** 20, timeout: 60_000 })).stdout
    const daemon = () => Number(readFileSync(join(home, 'pm2.pid'), 'utf8'))
    const pids = () => treeOf(daemon()).filter((pid) => pid !== daemon())
    await using cleanup = new AsyncDisposableStack()
    cleanup.defer(async () => {
      if (!existsSync(join(home, 'pm2.pid'))) return
      for (const pid of pids()) process.kill(pid, 'SIGCONT') // a frozen process would keep `kill` waiting
      await cli('kill')
    })
    await cli('start', 'server.js', '-i', String(count), '--max-memory-restart', `${memoryMB}M`)
    const url = `http://127.0.0.1:${port}`
    await until(() => answers(url), { timeoutMs: 30_000, because: 'pm2 serves' })
    const held = cleanup.move()
    return {
      url,
      async strike(how) {
        if (how === 'restart') return void (await cli('reload', 'all'))
        // a process of the cluster has no address of its own: this meets one of them
        if (how === 'hang') return void (await fetch(`${url}/hang`, { signal: AbortSignal.timeout(200) }).catch(() => {}))
        signalTo(pids()[0] ?? 0, how)
      },
      async deploy(next) {
        try {
          if (next.command !== undefined) await run('/bin/sh', ['-c', next.command])
        } catch (error) {
          return `the release command exited with code ${(error as { code?: number }).code}`
        }
        writeProgram(folder, next)
        return cli('reload', 'all').then(() => 'the reload went through', () => 'the reload failed')
      },
      state: async () => pids().join(' '),
      async lines() {
        const logs = join(home, 'logs')
        return readdirSync(logs).flatMap((name) => readFileSync(join(logs, name), 'utf8').split('\n'))
      },
      [Symbol.asyncDispose]: () => held.disposeAsync(),
    }
  },
}
