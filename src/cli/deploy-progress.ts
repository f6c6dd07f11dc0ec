/**
 * Follows a build and its rollout with a person watching: the build's own lines, then each step with its time. Both streams
 * survive a lost connection; the deploy itself goes on whether or not anybody follows.
 */
import { tellsFailure } from '#contract/build-words.ts'
import type { Answer } from '#contract/endpoints.ts'
import type { LogLine } from '#contract/model.ts'
import { AppError } from '#base/errors.ts'
import type { Cli, Target } from './context.ts'
import { follow, lostLine } from './follow.ts'
import { logFormatter } from './log-lines.ts'
import { isUnderWay } from './newest-build.ts'
import { harmless } from './output.ts'
import { WaitTeller } from './rollout-waits.ts'
import { stepLine } from './rollout-watch.ts'

export type Progress = Answer<'deploys.follow'>
/** done: it serves · made: the app is stopped, and it waits for the start · failed: it doesn't, and what served before goes on. `reached` holds the steps before the end; `isTold`: the build's output, as far as it was shown, ended with why it failed. */
export type DeployEnd = { state: 'done' | 'made' | 'failed'; reached: ReadonlySet<string>; detail: string; isTold: boolean; release: number | null; url: string | null }

const giveUpAfterMs = 120_000
/** How long the last lines of a build may trail behind its end, in milliseconds. */
const trailMs = 3000
const waitsEveryMs = 2000

export type DeployWatch = { target: Target; build: string; startedAtMs: number; signal: AbortSignal }

/** Throws when the deploy can't be followed any more, or the signal aborts. */
export async function watchDeploy(cli: Cli, watch: DeployWatch, json: boolean): Promise<DeployEnd> {
  const { target, build, signal } = watch
  const input = { params: { app: target.app, build }, query: { environment: target.environment } }
  let told = false
  const onLost = (): void => {
    if (!told) cli.out.note(lostLine)
    told = true
  }
  const ended = new AbortController()
  const shown: { last?: string } = {}
  const log = json ? Promise.resolve() : showLog(cli, watch, shown, onLost, AbortSignal.any([signal, ended.signal]))
  using steps = new StepPrinter(cli, json)
  const waits = new WaitTeller(cli.out)
  let release: number | null = null
  const telling = json ? undefined : setInterval(() => void (release !== null && waits.isDue && tellWaits(target, waits, release)), waitsEveryMs)
  try {
    for await (const event of follow(target.client, 'deploys.follow', input, { signal, onLost, giveUpAfterMs })) {
      told = false
      if (event.step === 'built' || event.state === 'failed') await atMost(trailMs, log)
      steps.say(event)
      waits.reached()
      release = event.release ?? release
      const { state, step, detail, url } = event
      if (state !== 'running') return { state: step === 'made' ? 'made' : state, reached: steps.reached, detail: harmless(detail), isTold: tellsFailure(shown.last, detail), release: event.release, url }
    }
    signal.throwIfAborted()
    throw new AppError('unavailable', `the progress of ${build} ended without an end`)
  } finally {
    clearInterval(telling)
    ended.abort()
  }
}

/** The steps decide how the deploy goes; why it waits is worth a look, and no failure. */
async function tellWaits({ client, app, environment }: Target, waits: WaitTeller, release: number): Promise<void> {
  const detail = await client.call('apps.read', { params: { app }, query: { environment } }).catch(() => undefined)
  if (detail !== undefined) waits.tell(detail, release)
}

/** A build that starts sooner needs no word about its queue. */
const queueMs = 2000

/** Prints each step once, when it is reached; a stream that was lost starts again from the first. */
class StepPrinter {
  readonly reached = new Set<string>()
  readonly #cli: Cli
  readonly #json: boolean
  #before: number | undefined
  #queued: NodeJS.Timeout | undefined

  constructor(cli: Cli, json: boolean) {
    this.#cli = cli
    this.#json = json
  }

  say(event: Progress): void {
    const { out } = this.#cli
    if (this.reached.has(event.step)) return
    this[Symbol.dispose]()
    if (event.state !== 'failed') this.reached.add(event.step)
    if (this.#json) return out.jsonLine(event)
    const at = new Date(event.at).getTime()
    const detail = harmless(event.detail)
    if (event.step === 'queued') this.#queued = setTimeout(() => out.line(out.paint('dim', `  queued: ${detail}`)), queueMs)
    else if (event.step !== 'building' && event.state !== 'done' && event.state !== 'failed') out.line(stepLine(out, event.step, at - (this.#before ?? at), detail))
    if (event.step !== 'building') this.#before = at
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#queued)
  }
}

async function showLog(cli: Cli, { target, build, signal }: DeployWatch, shown: { last?: string }, onLost: () => void, ended: AbortSignal): Promise<void> {
  const input = { params: { app: target.app, build }, query: { environment: target.environment } }
  const isOver = async (): Promise<boolean> => !isUnderWay(await target.client.call('builds.read', input, signal))
  try {
    for await (const entry of follow(target.client, 'builds.log', input, { signal: ended, onLost, isOver, giveUpAfterMs })) {
      cli.out.line(`${cli.out.paint('dim', '  │')} ${harmless(entry.text, cli.out.colour)}`)
      shown.last = entry.text
    }
  } catch (error) {
    // The steps decide how the deploy went; a log that can't be shown must not fail it.
    if (!ended.aborted) cli.out.note(`the build's output can't be shown: ${error instanceof Error ? error.message : String(error)}`)
  }
}

async function atMost(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  await Promise.race([work, new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))])
  clearTimeout(timer)
}

/** The last lines that the app itself wrote since the deploy started: why it didn't come up. */
export async function showLastLines(cli: Cli, { client, app, environment }: Target, sinceMs: number): Promise<void> {
  const { lines } = await client
    .call('logs.list', { query: { app, environment, since: new Date(sinceMs).toISOString(), limit: 15, streams: 'stdout,stderr,release,system' } })
    .catch(() => ({ lines: [] as LogLine[] }))
  if (lines.length === 0) return
  cli.out.line()
  cli.out.line(cli.out.paint('dim', 'last lines'))
  const format = logFormatter({ paint: cli.out.paint, colour: cli.out.colour, long: false, now: cli.now() })
  for (const line of lines) cli.out.line(`  ${format(line)}`)
}
