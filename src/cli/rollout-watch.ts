/** Waits for the rollout of a release and says each step as it is reached. Used where no build is followed. */
import { sleep } from '#base/clock.ts'
import { isAppError } from '#base/errors.ts'
import { formatDuration } from '#base/units.ts'
import type { AppDetail, Rollout } from '#contract/model.ts'
import type { Cli, Target } from './context.ts'
import type { Output } from './output.ts'
import { WaitTeller } from './rollout-waits.ts'
import { sayTakesTraffic } from './watched-release.ts'

const pollMs = 400

/** Undefined when there is no rollout to wait for (nothing runs, or another one has taken its place). */
async function watchRollout(target: Target, release: number, waits: WaitTeller, onStep: (name: string, detail: string, atMs: number) => void, signal?: AbortSignal): Promise<Rollout | undefined> {
  const seen = new Set<string>()
  while (true) {
    const detail = await readDetail(target)
    if (detail !== 'away') {
      const { rollout } = detail
      if (rollout === null || rollout.release !== release) return undefined
      for (const step of rollout.steps) {
        if (seen.has(step.name)) continue
        seen.add(step.name)
        waits.reached()
        onStep(step.name, step.detail, new Date(step.at).getTime() - new Date(rollout.startedAt).getTime())
      }
      if (rollout.finishedAt !== null) return rollout
      waits.tell(detail, release)
    }
    await sleep(pollMs, signal)
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

/** One reached step: `✓ healthy     3.2 s  2 of 2 ready`; the last one of a rollout that did not succeed has a ✗. */
export function stepLine(out: Output, name: string, ms: number, detail: string): string {
  const mark = name === 'failed' || name === 'cancelled' ? out.paint('red', '✗') : out.paint('green', '✓')
  return `${mark} ${name.padEnd(9)} ${formatDuration(Math.max(0, ms)).padStart(9)}  ${out.paint('dim', detail)}`.trimEnd()
}

/** Follows a rollout with a person watching, and with `wait` the watch after it; answers the exit code. */
export async function sayRollout(cli: Cli, target: Target, release: number, { wayOut, wait = false }: { wayOut: string; wait?: boolean }): Promise<number> {
  const { out } = cli
  const rollout = await watchRollout(target, release, new WaitTeller(out), (name, detail, ms) => out.line(stepLine(out, name, ms, detail)))
  if (rollout === undefined) {
    out.line(`v${release} is made; there is no rollout to wait for`)
    return 0
  }
  if (rollout.state === 'finished') return sayTakesTraffic(cli, target, { release, url: null, wait, json: false })
  out.line(`${out.paint('red', '✗')} ${rollout.state}: ${rollout.because}`)
  out.note(wayOut)
  return 1
}
