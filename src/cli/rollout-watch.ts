/** Waits for the rollout of a release and says each step as it is reached. Used where no build is followed. */
import { sleep } from '#base/clock.ts'
import { isAppError } from '#base/errors.ts'
import { formatDuration } from '#base/units.ts'
import type { AppDetail, Rollout } from '#contract/model.ts'
import type { Cli, Target } from './context.ts'
import type { Output } from './output.ts'
import { WaitTeller } from './rollout-waits.ts'
import { sayTakesTraffic } from './watched-release.ts'
import { appWordsAsFlags, madeWords } from './words.ts'

const pollMs = 400

type Seen = { waits: WaitTeller; onStep: (step: Rollout['steps'][number], atMs: number) => void }

/** none: nothing is to be waited for (nothing runs, or another rollout has taken its place) · stopped: it waits for the start of the app. */
async function watchRollout(target: Target, release: number, { waits, onStep }: Seen): Promise<Rollout | 'none' | 'stopped'> {
  const seen = new Set<string>()
  while (true) {
    const detail = await readDetail(target)
    if (detail !== 'away') {
      const { rollout } = detail
      if (rollout === null || rollout.release !== release) return 'none'
      for (const step of rollout.steps) {
        if (seen.has(step.name)) continue
        seen.add(step.name)
        waits.reached()
        onStep(step, new Date(step.at).getTime() - new Date(rollout.startedAt).getTime())
      }
      if (rollout.finishedAt !== null) return rollout
      if (detail.settings.stopped) return 'stopped'
      waits.tell(detail, release)
    }
    await sleep(pollMs)
  }
}

/** Control may be away for a moment: the rollout goes on without it. */
async function readDetail({ client, app, environment }: Target): Promise<AppDetail | 'away'> {
  try {
    return await client.call('apps.read', { params: { app }, query: { environment } })
  } catch (error) {
    if (isAppError(error, 'unavailable')) return 'away'
    throw error
  }
}

/** Whether a release of it waits until it is started; false where nobody can say just now. */
export async function isStopped(target: Target): Promise<boolean> {
  const detail = await readDetail(target)
  return detail !== 'away' && detail.settings.stopped
}

/** One reached step: `✓ healthy     3.2 s  2 of 2 ready`; the last one of a rollout that did not succeed has a ✗. */
export function stepLine(out: Output, name: string, ms: number, detail: string): string {
  const mark = name === 'failed' || name === 'cancelled' ? out.paint('red', '✗') : out.paint('green', '✓')
  return `${mark} ${name.padEnd(9)} ${formatDuration(Math.max(0, ms)).padStart(9)}  ${out.paint('dim', detail)}`.trimEnd()
}

/** Follows a rollout with a person watching, and with `wait` the watch after it; answers the exit code. `json`: the rollout at its end and the watch, one object a line, in place of words. */
export async function sayRollout(cli: Cli, target: Target, release: number, { wait, json }: { wait: boolean; json: boolean }): Promise<number> {
  const { out } = cli
  const rollout = await watchRollout(target, release, { waits: new WaitTeller(out, json), onStep: ({ name, detail }, ms) => void (json || out.line(stepLine(out, name, ms, detail))) })
  if (rollout === 'none' || rollout === 'stopped') {
    if (!json) out.line(rollout === 'none' ? `v${release} is made; there is no rollout to wait for` : madeWords(target, release))
    return 0
  }
  if (json) out.jsonLine(rollout)
  if (rollout.state === 'finished') return sayTakesTraffic(cli, target, { release, url: null, wait, json })
  if (json) return 1
  out.line(`${out.paint('red', '✗')} ${rollout.state}: ${rollout.because}`)
  out.note(`more: nightshift rollout ${appWordsAsFlags(target.app, target.environment)}`)
  return 1
}
