/**
 * What callers see while a release is rolled out under a constant load, a good one and broken ones of every kind, beside peers in the same run.
 *
 *   release `one` serves with two processes → load → deploy release `two`, until the platform is through with it → `--seconds` more → who serves?
 *
 * Flags: --only a,b (parts of platforms' names), --case good,exits (parts of names), --rate 100, --seconds 5 (watched after the end),
 * --wait minutes for a calm machine.
 */
import { parseArgs } from 'node:util'
import { sleep } from '#base/clock.ts'
import { messageOf } from '#base/errors.ts'
import type { Platform, Release } from './platforms/platform.ts'
import { chosen, platforms } from './platforms/platforms.ts'
import type { Program } from './platforms/program.ts'
import { ask } from './rig/ask.ts'
import { inFolder } from './rig/folder.ts'
import { interrupted } from './rig/interrupt.ts'
import type { Measured } from './rig/measure.ts'
import { calm, machineLine, markdownTable, note, say, short } from './rig/report.ts'
import { underLoad } from './rig/under-load.ts'

/** `seconds`: it shows itself only after so long. `strategy`: for ours alone. */
type Kind = { name: string; program?: Omit<Program, 'words'>; isGood?: boolean; seconds?: number; command?: string; strategy?: string }

const kinds: readonly Kind[] = [
  { name: 'good', isGood: true },
  { name: 'good, blue-green', isGood: true, strategy: 'blue-green' },
  { name: 'good, canary', isGood: true, strategy: 'canary, canary: [10%, 50%], hold: 5s' },
  { name: 'exits at once', program: { first: 'process.exit(1)' } },
  { name: 'never healthy', program: { up: 503 } },
  { name: 'binds the wrong port', program: { port: '0' } },
  { name: 'its release command fails', command: 'exit 3' },
  { name: 'healthy, answers 500', program: { status: 500 } },
  { name: 'healthy, answers 500, canary', program: { status: 500 }, strategy: 'canary, canary: [10%], hold: 60s' },
  { name: 'healthy, slow', program: { slowMs: 400 } },
  { name: 'healthy, leaks', program: { leakKib: 128 }, seconds: 35 },
  { name: 'crashes after ten seconds', program: { last: 'setTimeout(() => process.exit(1), 10_000)' }, seconds: 25 },
]

const count = 2
const warmSeconds = 3
const most = 'nightshift (docker),docker + nginx,docker + haproxy,swarm,pm2'

export async function runRollout(args: string[]): Promise<void> {
  const text = (value: string) => ({ type: 'string', default: value }) as const
  const { values } = parseArgs({ args, options: { only: text(most), case: text(''), rate: text('100'), seconds: text('5'), wait: text('10') } })
  const wanted = chosen(kinds, values.case)
  const present = await platforms(values.only)
  await calm(1.5, Number(values.wait) * 60_000)
  say(`${machineLine()}; ${values.rate} requests/s, one in five a POST, ${count} processes`)
  for (const kind of wanted) {
    const rows: string[][] = []
    for (const platform of present.filter(({ hasStrategies }) => hasStrategies || kind.strategy === undefined)) {
      if (interrupted.aborted) return
      note(`${kind.name}: ${platform.name}`)
      try {
        rows.push([platform.name, ...cells(await once(platform, kind, Number(values.rate), Number(values.seconds)))])
      } catch (error) {
        say(`${kind.name}: ${platform.name}: ${messageOf(error)}`)
      }
    }
    say(`\n${kind.name}\n\n${markdownTable(['', 'failed', 'of', 'p99 ms', 'max ms', 'over after s', 'serves in the end', 'what the platform says'], rows)}`)
  }
}

type Result = Measured & { tookMs: number; serves: string; why: string }

function cells({ failedGets, failedPosts, sent, p99Ms, maxMs, tookMs, serves, why }: Result): string[] {
  return [short(failedGets + failedPosts), short(sent), short(p99Ms), short(maxMs), short(tookMs / 1000), serves, why.replaceAll(/\s*[|\n]\s*/g, ' ')]
}

async function once(platform: Platform, kind: Kind, rate: number, seconds: number): Promise<Result> {
  const { seen, gave } = await inFolder((folder) =>
    underLoad(platform, { folder, count, rate, timeoutMs: 10_000, warmSeconds: Math.max(warmSeconds, platform.compareSeconds) }, async ({ running, fromAt }) => {
      const why = await running.deploy(releaseOf(kind))
      const tookMs = performance.now() - fromAt
      // a platform that took it back already, or never let it in, has nothing more to show
      const shows = (await serving(running.url)) === 'old' ? seconds : Math.max(seconds, (kind.seconds ?? 0) - tookMs / 1000)
      await sleep(shows * 1000, interrupted)
      return { why, tookMs, serves: await serving(running.url) }
    }),
  )
  return { ...seen, ...gave }
}

function releaseOf({ program, isGood = false, command, strategy }: Kind): Release {
  return { program: { words: 'two', ...program }, isGood, ...(command === undefined ? {} : { command }), ...(strategy === undefined ? {} : { strategy }) }
}

/** Which releases answer ten requests, and how well. */
async function serving(url: string): Promise<string> {
  const names: Record<string, string> = { one: 'old', two: 'new' }
  const found = await Promise.all(Array.from({ length: 10 }, () => ask(url, 2_000)))
  const said = found.map((one) => {
    const release = one && names[one.words]
    return release ? (one.status === 200 ? release : `${release} (${one.status})`) : 'nobody'
  })
  return [...new Set(said)].toSorted().reverse().join(' and ')
}
