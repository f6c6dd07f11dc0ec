/**
 * What callers see when a process dies, freezes, hangs or is restarted under a constant load, beside peers in the same run.
 *
 *   a contestant starts `count` processes → load → a strike → `--seconds` of watching → end; contestants in turn, rounds in turn
 *
 * Flags: --rounds 1, --seconds 15 (watched after the strike), --rate 200, --counts 1,3, --only kill -9,freeze,hang,restart,
 * --contestants a,b (parts of names), --timeout 10 (seconds until a caller gives up), --wait minutes for a calm machine.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { sleep } from '#base/clock.ts'
import { messageOf } from '#base/errors.ts'
import { engineAnswers } from '#test/harness/docker.ts'
import { type Contestant, type Strike, strikes } from './heal/contestant.ts'
import { dockerContestants } from './heal/docker.ts'
import { startLoad } from './heal/load.ts'
import { type Measured, measure } from './heal/measure.ts'
import { nightshiftOn } from './heal/nightshift.ts'
import { pm2 } from './heal/pm2.ts'
import { calm, machineLine, markdownTable, median, note, say, short } from './rig/report.ts'

const all: Contestant[] = [nightshiftOn('process'), nightshiftOn('docker'), ...dockerContestants, pm2]
const warmMs = 3_000

type Result = Measured & { /** POSTs that were carried out more than once. */ doubled: number }

export async function runHeal(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: 'string', default: '1' },
      seconds: { type: 'string', default: '15' },
      rate: { type: 'string', default: '200' },
      counts: { type: 'string', default: '1,3' },
      only: { type: 'string', default: strikes.join(',') },
      contestants: { type: 'string', default: '' },
      timeout: { type: 'string', default: '10' },
      wait: { type: 'string', default: '10' },
    },
  })
  const wanted = values.contestants.split(',')
  const present = await able(all.filter((one) => wanted.some((part) => one.name.includes(part))))
  const cases = strikes.filter((strike) => values.only.split(',').includes(strike))
  const counts = values.counts.split(',').map(Number)
  await calm(1.5, Number(values.wait) * 60_000)
  say(`${machineLine()}; ${values.rate} requests/s, one in five a POST, callers give up after ${values.timeout} s, ${values.seconds} s watched, ${values.rounds} round(s)\n`)

  const results = new Map<string, Result[]>()
  for (let round = 0; round < Number(values.rounds); round++)
    for (const strike of cases)
      for (const count of counts)
        for (const contestant of present) {
          const key = keyOf(strike, count, contestant)
          note(key)
          try {
            const result = await once(contestant, strike, count, { rate: Number(values.rate), seconds: Number(values.seconds), timeoutMs: Number(values.timeout) * 1000 })
            results.set(key, [...(results.get(key) ?? []), result])
          } catch (error) {
            say(`${key}: ${messageOf(error)}`)
          }
        }
  for (const strike of cases)
    for (const count of counts) {
      say(`\n${strike}, ${count === 1 ? 'the only process' : strike === 'restart' ? `all ${count}` : `one of ${count}`}\n`)
      const rows = present.flatMap((contestant) => {
        const found = results.get(keyOf(strike, count, contestant))
        return found ? [[contestant.name, ...cells(found)]] : []
      })
      say(markdownTable(['', 'failed GET', 'failed POST', 'POST done twice', 'slower than 2 s', 'p99 ms', 'max ms', 'new process serves after s', 'clean after s'], rows))
    }
}

const keyOf = (strike: Strike, count: number, { name }: Contestant) => `${strike}, ${count}: ${name}`

async function able(contestants: Contestant[]): Promise<Contestant[]> {
  const hasEngine = await engineAnswers(process.env['DOCKER_HOST'])
  const found = (program: string) => (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)))
  return contestants.filter((contestant) => {
    const lacks = [...contestant.programs.filter((program) => !found(program)), ...(contestant.docker && !hasEngine ? ['a Docker engine'] : [])]
    if (lacks.length > 0) say(`left out: ${contestant.name}, for lack of ${lacks.join(', ')}`)
    return lacks.length === 0
  })
}

async function once(contestant: Contestant, strike: Strike, count: number, options: { rate: number; seconds: number; timeoutMs: number }): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-heal-'))
  try {
    await using running = await contestant.start(join(folder, 'run'), count)
    const run = Math.random().toString(36).slice(2)
    const load = startLoad(running.url, { ...options, run, ...(running.host === undefined ? {} : { host: running.host }) })
    await sleep(warmMs)
    const before = new Set(load.outcomes.flatMap((one) => one.process ?? []))
    const struckAt = performance.now()
    const striking = running.strike(strike)
    await Promise.all([striking, sleep(options.seconds * 1000)])
    const outcomes = await load.stop()
    const done = (await running.lines()).filter((line) => line.startsWith(`did /${run}-`))
    return { ...measure(outcomes, struckAt, before), doubled: done.length - new Set(done).size }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function cells(found: Result[]): string[] {
  const number = (of: (one: Result) => number) => {
    const all = found.map(of)
    const [least, most] = [Math.min(...all), Math.max(...all)]
    return least === most ? short(least) : `${short(median(all))} (${short(least)}–${short(most)})`
  }
  const never = found.some((one) => one.newAfterMs === null)
  return [
    number((one) => one.failedGets),
    number((one) => one.failedPosts),
    number((one) => one.doubled),
    number((one) => one.slow),
    number((one) => one.p99Ms),
    number((one) => one.maxMs),
    never ? 'never' : number((one) => (one.newAfterMs ?? 0) / 1000),
    found.some((one) => one.endedUnclean) ? 'never' : number((one) => one.cleanAfterMs / 1000),
  ]
}
