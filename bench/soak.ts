/**
 * `npm run soak [-- --minutes 10 --seed 1]`: a long run under load in which, one after the other and at random, a process
 * of Nightshift or of the app is killed, the app is deployed, scaled, restarted or reconfigured. At the end everything must
 * be as it was wished, no instance twice, and no request may have failed but those in flight at an instance that was killed.
 */
import { parseArgs } from 'node:util'
import { join } from 'node:path'
import { sleep } from '#base/clock.ts'
import { type ProcessName, bootNightshift } from '#test/harness/nightshift.ts'
import { requestLoop } from '#test/harness/request-loop.ts'
import { until } from '#test/harness/wait.ts'

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string', default: String(Date.now() % 100_000) } } })
const endsAt = Date.now() + Number(values.minutes) * 60_000
const app = 'hello-node'
const source = join(import.meta.dirname, '../examples', app)

/** Mulberry32: the same seed gives the same night. */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const random = randomOf(Number(values.seed))
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
const say = (text: string) => void process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`)

await using nightshift = await bootNightshift({ embeddedDatabase: true })
const must = async (...args: string[]) => {
  const { code, stdout, stderr } = await nightshift.cli(args, { timeoutMs: 180_000 })
  if (code !== 0) throw new Error(`nightshift ${args.join(' ')} ended with ${code}: ${stdout}${stderr}`)
}
const read = () => nightshift.client.call('apps.read', { params: { app } })
const calm = () => until(async () => (await read()).health === 'healthy', { timeoutMs: 120_000, everyMs: 200, because: 'the app is healthy again' })

await must('deploy', source, '--app', app)
let wanted = 2
let instanceKills = 0
await must('scale', `web=${wanted}`, '-a', app)
await calm()

const deeds: Record<string, () => Promise<void>> = {
  async 'kill a process of Nightshift'() {
    const name = pick(['agent', 'control', 'postgres'] satisfies ProcessName[])
    say(`kill -9 ${name}`)
    await nightshift.back(name, nightshift.kill(name))
  },
  async 'kill an instance'() {
    const instance = pick((await read()).services.flatMap((service) => service.instances).filter((each) => each.pid !== null))
    say(`kill -9 ${instance.name}`)
    instanceKills++
    process.kill(instance.pid as number, 'SIGKILL')
  },
  async deploy() {
    say('deploy')
    await must('deploy', source, '--app', app)
  },
  async scale() {
    wanted = 1 + Math.floor(random() * 4)
    say(`scale web=${wanted}`)
    await must('scale', `web=${wanted}`, '-a', app)
  },
  async restart() {
    say('restart')
    await must('restart', '-a', app)
  },
  async 'change config'() {
    say('config set')
    await must('config', 'set', `NIGHT=${Math.floor(random() * 1e6)}`, '-a', app)
  },
}

const loop = requestLoop(nightshift.url(app), { rate: 50 })
let done = 0
while (Date.now() < endsAt) {
  await pick(Object.values(deeds))()
  done++
  await calm()
  await sleep(random() * 3000)
}
const { sent, failed, failures, slowestMs } = await loop.stop()
const { services } = await read()
const names = services.flatMap((service) => service.instances).map((instance) => instance.name)
const right = names.length === wanted && new Set(names).size === wanted
say(`seed ${values.seed}: ${done} deeds, ${sent} requests, ${failed} failed ${JSON.stringify(failures)}, slowest ${Math.round(slowestMs)} ms, instances ${names.join(' ')} (${wanted} wanted)`)
if (failed > instanceKills || !right) process.exitCode = 1
