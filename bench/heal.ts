/**
 * What callers see when a process dies, freezes, hangs, is restarted or replaced under a constant load, beside peers in the same run.
 *
 *   a platform starts `count` processes → load → a case → watched until all is well, or no longer than is useful → end
 *
 * Flags: --only a,b (parts of platforms' names), --case kill,freeze,hang,restart,replace, --counts 1,3, --rounds 1, --rate 200,
 * --seconds 12 (how long to watch what does not get well; one that cures may take its time), --timeout 10 (seconds until a caller
 * gives up), --wait minutes for a calm machine.
 */
import { parseArgs } from 'node:util'
import { messageOf } from '#base/errors.ts'
import { watch } from './heal/watch.ts'
import { type Platform, goodRelease, strikes } from './platforms/platform.ts'
import { platforms } from './platforms/platforms.ts'
import { interrupted } from './rig/interrupt.ts'
import type { Measured } from './rig/measure.ts'
import { calm, machineLine, markdownTable, median, note, say, short } from './rig/report.ts'
import { type LoadOptions, underLoad } from './rig/under-load.ts'
import { inFolder } from './rig/folder.ts'

/** `replace`: a good release takes the place of the one that serves. */
const cases = [...strikes, 'replace'] as const
type Case = (typeof cases)[number]
const titles: Record<Case, string> = { kill: 'kill -9', freeze: 'SIGSTOP', hang: 'answers nothing', restart: 'graceful restart', replace: 'rolling replace' }
const ofAll: readonly Case[] = ['restart', 'replace']
const warmSeconds = 2

type Result = Measured & { /** POSTs that were carried out more than once. */ doubled: number; detectedAfterMs: number | null; newAfterMs: number | null }

export async function runHeal(args: string[]): Promise<void> {
  const text = (value: string) => ({ type: 'string', default: value }) as const
  const { values } = parseArgs({
    args,
    options: { only: text(''), case: text(cases.join(',')), counts: text('1,3'), rounds: text('1'), rate: text('200'), seconds: text('12'), timeout: text('10'), wait: text('10') },
  })
  const wanted = cases.filter((one) => values.case.split(',').includes(one))
  const present = await platforms(values.only)
  await calm(1.5, Number(values.wait) * 60_000)
  say(`${machineLine()}; ${values.rate} requests/s, one in five a POST, callers give up after ${values.timeout} s, ${values.rounds} round(s)`)
  const results = new Map<string, Result[]>()
  await inFolder(async (folder) => {
    const runs = Array.from({ length: Number(values.rounds) }, () => wanted.flatMap((one) => values.counts.split(',').map(Number).flatMap((count) => present.map((platform) => ({ one, count, platform })))))
    for (const { one, count, platform } of runs.flat()) {
      if (interrupted.aborted) return
      const key = keyOf(one, count, platform)
      note(key)
      try {
        const result = await once(platform, one, { folder, count, rate: Number(values.rate), timeoutMs: Number(values.timeout) * 1000, warmSeconds }, Number(values.seconds))
        results.set(key, [...(results.get(key) ?? []), result])
      } catch (error) {
        say(`${key}: ${messageOf(error)}`)
      }
    }
  })
  for (const one of wanted) for (const count of values.counts.split(',').map(Number)) report(one, count, present, results)
}

const keyOf = (one: Case, count: number, { name }: Platform) => `${titles[one]}, ${count === 1 ? 'the only process' : ofAll.includes(one) ? `all ${count}` : `one of ${count}`}: ${name}`

async function once(platform: Platform, one: Case, options: LoadOptions, seconds: number): Promise<Result> {
  const isOfAll = ofAll.includes(one)
  const { seen, doubled, gave } = await underLoad(platform, options, (scene) => {
    const act = () => (one === 'replace' ? scene.running.deploy(goodRelease('two')) : scene.running.strike(one))
    return watch(scene, act, { isOfAll, limitMs: (seconds + platform.cureSeconds) * 1000 })
  })
  // of all, it is replaced when the last of the old ones has answered its last
  return { ...seen, doubled, detectedAfterMs: gave.detectedAfterMs, newAfterMs: isOfAll && gave.newAfterMs !== null ? seen.oldUntilMs : gave.newAfterMs }
}

const columns = ['', 'failed GET', 'failed POST', 'POST done twice', 'p99 ms', 'max ms', 'detected after s', 'replaced after s', 'clean after s']

function report(one: Case, count: number, present: readonly Platform[], results: ReadonlyMap<string, Result[]>): void {
  const rows = present.flatMap((platform) => {
    const found = results.get(keyOf(one, count, platform))
    return found ? [[platform.name, ...cells(found, ofAll.includes(one))]] : []
  })
  if (rows.length > 0) say(`\n${titles[one]}, ${count === 1 ? 'the only process' : ofAll.includes(one) ? `all ${count}` : `one of ${count}`}\n\n${markdownTable(columns, rows)}`)
}

function cells(found: Result[], isOfAll: boolean): string[] {
  const number = (of: (one: Result) => number | null) => {
    const all = found.map(of).filter((value) => value !== null)
    if (all.length < found.length) return all.length === 0 ? 'never' : `never in ${found.length - all.length} of ${found.length}`
    const [least, most] = [Math.min(...all), Math.max(...all)]
    return least === most ? short(least) : `${short(median(all))} (${short(least)}–${short(most)})`
  }
  const seconds = (ms: number | null) => (ms === null ? null : ms / 1000)
  return [
    number((one) => one.failedGets),
    number((one) => one.failedPosts),
    number((one) => one.doubled),
    number((one) => one.p99Ms),
    number((one) => one.maxMs),
    isOfAll ? '' : number((one) => seconds(one.detectedAfterMs)),
    number((one) => seconds(one.newAfterMs)),
    number((one) => (one.endedUnclean ? null : one.cleanAfterMs / 1000)),
  ]
}
