import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bootNightshift } from '#test/harness/nightshift.ts'
import { until } from '#test/harness/wait.ts'
import { engine, isGone } from './engine.ts'
import { type Platform, type Release, hang, memoryMB, signalTo, startupSeconds, writeProgram } from './platform.ts'

const app = 'bench'

/** Its health check is as quick as those of the tuned peers; all else is its default. */
const manifest = (count: number, { command, strategy = 'rolling' }: Release) => `
name: ${app}
${command === undefined ? '' : `release: ${command}`}
services:
  web:
    command: [node, server.js]
    scale: ${count}
    health: { path: /up, interval: 1s, startup: ${startupSeconds}s }
    resources: { memory: ${memoryMB}MB }
deploy: { strategy: ${strategy}, drain: 5s }
`

/** As long as a release that deserves it may take to be condemned. */
const judgedMs = 60_000

export const nightshiftOn = (driver: 'process' | 'docker'): Platform => ({
  name: `nightshift (${driver})`,
  programs: [],
  docker: driver === 'docker',
  cureSeconds: 10,
  compareSeconds: 15,
  hasStrategies: true,
  async start(folder, count, first) {
    await using cleanup = new AsyncDisposableStack()
    // `down` leaves an app's network, for the next start
    if (driver === 'docker') cleanup.defer(() => engine.getNetwork(`nightshift-${app}-production`).remove().catch((error: unknown) => void (isGone(error) || Promise.reject(error))))
    const nightshift = cleanup.use(await bootNightshift({ driver }))
    let releases = 0
    const cli = async (...args: string[]) => {
      const { code, stdout, stderr } = await nightshift.cli(args)
      if (code !== 0) throw new Error(`nightshift ${args.join(' ')}: ${stdout}${stderr}`)
      return stdout
    }
    const read = () => nightshift.client.call('apps.read', { params: { app } })
    const instances = async () => (await read()).services.flatMap((service) => service.instances)
    const push = async (release: Release) => {
      const source = join(folder, `release-${++releases}`)
      mkdirSync(source, { recursive: true })
      writeFileSync(join(source, 'nightshift.yml'), manifest(count, release))
      writeFileSync(join(source, 'package.json'), '{}')
      writeProgram(source, release)
      await cli('deploy', source)
    }
    /** Until the good one serves alone, or the broken one is given up or rolled back and nothing of it is left. */
    const decided = (release: Release) =>
      until(
        async () => {
          const { rollout, services } = await read()
          const bake = await nightshift.client.call('bakes.read', { params: { app } })
          const serving = new Set(services.flatMap((service) => service.instances).map((one) => one.release))
          if (rollout?.finishedAt == null || serving.size !== 1) return undefined
          if (release.isGood) return serving.has(releases) && 'it is good'
          if (bake?.state === 'condemned' && serving.has(bake.rolledBackTo ?? 0)) return bake.because
          return rollout.state === 'failed' && !serving.has(releases) && rollout.because
        },
        { timeoutMs: judgedMs, everyMs: 250, because: 'it is decided' },
      )
    await push(first)
    await until(async () => (await instances()).filter((one) => one.state === 'ready').length === count, { timeoutMs: 60_000, because: 'all serve' })
    const held = cleanup.move()
    return {
      url: nightshift.url(app, ''),
      async strike(how) {
        if (how === 'restart') return void (await cli('restart', 'web', '-a', app))
        const [victim] = await instances()
        if (how === 'hang') await hang(victim?.address ?? '')
        else signalTo(victim?.pid ?? 0, how)
      },
      async deploy(release) {
        await push(release).catch(() => {}) // what fails is what is measured
        return decided(release).catch(() => `nothing was held against it within ${judgedMs / 1000} s`)
      },
      state: async () => (await instances()).map(({ id, pid, state }) => `${id} ${pid} ${state}`).join(', '),
      async lines() {
        const text = await cli('logs', '-n', '10000', '--json', '-a', app)
        return text.split('\n').filter(Boolean).map((line) => (JSON.parse(line) as { text: string }).text)
      },
      [Symbol.asyncDispose]: () => held.disposeAsync(),
    }
  },
})
