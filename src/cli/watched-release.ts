/** What is said of a release that takes the traffic. It may still be taken back: for a while it is watched beside the one before (bake). */
import { sleep } from '#base/clock.ts'
import { isAppError } from '#base/errors.ts'
import { formatDuration } from '#base/units.ts'
import type { Bake } from '#contract/model.ts'
import type { Cli, Target } from './context.ts'
import { harmless } from './output.ts'
import { localClock } from './times.ts'
import { appWords, appWordsAsFlags } from './words.ts'

const pollMs = 1000

/** `url`: where it answers; null: nowhere. `wait`: until the watch is over. `json`: the watch as one object a line, in place of words. */
export type Watching = { release: number; url: string | null; wait: boolean; json: boolean; signal?: AbortSignal }

/** Says it, and answers the exit code: 1 when the release was taken back. */
export async function sayTakesTraffic(cli: Cli, target: Target, watching: Watching): Promise<number> {
  const { release, wait, json, signal } = watching
  let bake = await watchOver(target, release)
  if (json && bake !== null) cli.out.jsonLine(bake)
  if (!json) cli.out.line(firstWords(cli, target, watching, bake))
  if (bake === null || bake.endedAt !== null || !wait) return bake?.state === 'condemned' ? 1 : 0
  while (bake.endedAt === null) {
    await sleep(pollMs, signal)
    // a newer release has a watch of its own
    bake = (await watchOver(target, release)) ?? { ...bake, state: 'superseded', endedAt: cli.now().toISOString(), because: 'another release serves now' }
  }
  if (json) cli.out.jsonLine(bake)
  else cli.out.line(endWords(cli, target, bake))
  return bake.state === 'condemned' ? 1 : 0
}

/** The watch over this release. Null: it is not watched. Control may be away for a moment: the watch goes on without it. */
async function watchOver({ client, app, environment }: Target, release: number): Promise<Bake | null> {
  for (let tries = 1; ; tries++) {
    try {
      const bake = await client.call('bakes.read', { params: { app }, query: { environment } })
      return bake?.release === release ? bake : null
    } catch (error) {
      if (!isAppError(error, 'unavailable') || tries >= 120) throw error
      await sleep(pollMs)
    }
  }
}

function firstWords(cli: Cli, target: Target, { release, url }: Watching, bake: Bake | null): string {
  if (bake !== null && bake.endedAt !== null) return endWords(cli, target, bake)
  const where = appWordsAsFlags(target.app, target.environment)
  const name = cli.out.paint('bold', `${appWords(target.app, target.environment)} v${release}`)
  if (bake === null) return `${name} ${url === null ? `is running (see: nightshift ps ${where})` : `serves at ${url}`}`
  const until = new Date(bake.until)
  const left = formatDuration(Math.max(0, until.getTime() - cli.now().getTime()))
  return `${name} takes the traffic${url === null ? '' : ` at ${url}`}, and is watched until ${localClock(until)} (${left}): if it is worse than v${bake.fromRelease}, that one comes back (see: nightshift rollout ${where})`
}

function endWords({ out }: Cli, { app, environment }: Target, bake: Bake): string {
  const name = `${appWords(app, environment)} v${bake.release}`
  const because = harmless(bake.because)
  if (bake.state === 'condemned') {
    const as = bake.rolledBackTo === null ? '' : `, as v${bake.rolledBackTo}`
    return `${out.paint('red', '✗')} ${name} was taken back: ${because}. v${bake.fromRelease} comes back${as} (see: nightshift events ${appWordsAsFlags(app, environment)})`
  }
  return `${out.paint('green', '✓')} ${name} ${bake.state === 'superseded' ? 'was watched no longer' : 'serves'}: ${because}`
}
