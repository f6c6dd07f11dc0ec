import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '#test/harness/port.ts'
import { until } from '#test/harness/wait.ts'
import { appSource } from './app.ts'
import { type Contestant, signalTo } from './contestant.ts'

const run = promisify(execFile)
const version = '7.0.4'

/** Its cluster mode: the processes share the port, and pm2 starts again what ends. Installed from the registry into the run's own folder. */
export const pm2: Contestant = {
  name: 'pm2 cluster',
  programs: ['npm'],
  docker: false,
  async start(folder, count) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'package.json'), '{}')
    writeFileSync(join(folder, 'server.js'), appSource)
    await run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', `pm2@${version}`], { cwd: folder })
    const port = await freePort()
    const home = join(folder, 'home')
    const env = { ...process.env, PM2_HOME: home, PORT: String(port), PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}` }
    const cli = async (...args: string[]) => (await run(process.execPath, [join(folder, 'node_modules/pm2/bin/pm2'), ...args], { cwd: folder, env, maxBuffer: 16 * 2 ** 20 })).stdout
    const pids = async () => (JSON.parse((await cli('jlist')).replace(/^[^[]*/, '')) as { pid: number }[]).map((one) => one.pid)
    await cli('start', 'server.js', '-i', String(count))
    const url = `http://127.0.0.1:${port}`
    await until(async () => (await fetch(url).catch(() => null))?.status === 200, { timeoutMs: 30_000, because: 'pm2 serves' })
    return {
      url,
      async strike(how) {
        if (how === 'restart') return void (await cli('reload', 'all'))
        // a process of the cluster has no address of its own: this meets one of them
        if (how === 'hang') return void (await fetch(`${url}/hang`, { signal: AbortSignal.timeout(200) }).catch(() => {}))
        signalTo((await pids())[0] ?? 0, how)
      },
      async lines() {
        const logs = join(home, 'logs')
        return readdirSync(logs).flatMap((name) => readFileSync(join(logs, name), 'utf8').split('\n'))
      },
      async [Symbol.asyncDispose]() {
        // a frozen process would keep `kill` waiting
        for (const pid of await pids()) if (pid > 1) process.kill(pid, 'SIGCONT')
        await cli('kill')
      },
    }
  },
}
