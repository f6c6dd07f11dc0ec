import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bootNightshift } from '#test/harness/nightshift.ts'
import { until } from '#test/harness/wait.ts'
import { appSource } from './app.ts'
import { type Contestant, hang, signalTo } from './contestant.ts'

/** Its health check is as quick as those of the tuned peers; all else is its default. */
const manifest = `
name: struck
services:
  web:
    command: [node, server.js]
    health: { path: /up, interval: 1s }
`

export const nightshiftOn = (driver: 'process' | 'docker'): Contestant => ({
  name: `nightshift, ${driver}`,
  programs: [],
  docker: driver === 'docker',
  async start(folder, count) {
    const app = join(folder, 'app')
    mkdirSync(app, { recursive: true })
    writeFileSync(join(app, 'nightshift.yml'), manifest)
    writeFileSync(join(app, 'package.json'), '{}')
    writeFileSync(join(app, 'server.js'), appSource)
    const nightshift = await bootNightshift({ driver })
    const cli = async (...args: string[]) => {
      const { code, stdout, stderr } = await nightshift.cli(args)
      if (code !== 0) throw new Error(`nightshift ${args.join(' ')}: ${stdout}${stderr}`)
      return stdout
    }
    const instances = async () => (await nightshift.client.call('apps.read', { params: { app: 'struck' } })).services.flatMap((service) => service.instances)
    await cli('deploy', app)
    await cli('scale', `web=${count}`, '-a', 'struck')
    await until(async () => (await instances()).filter((one) => one.state === 'ready').length === count, { timeoutMs: 60_000, because: 'all serve' })
    return {
      url: nightshift.url('struck', ''),
      async strike(how) {
        if (how === 'restart') return void (await cli('restart', 'web', '-a', 'struck'))
        const [victim] = await instances()
        if (how === 'hang') await hang(victim?.address ?? '')
        else signalTo(victim?.pid ?? 0, how)
      },
      async lines() {
        const text = await cli('logs', '-n', '10000', '--json', '-a', 'struck')
        return text.split('\n').filter(Boolean).map((line) => (JSON.parse(line) as { text: string }).text)
      },
      [Symbol.asyncDispose]: () => nightshift[Symbol.asyncDispose](),
    }
  },
})
