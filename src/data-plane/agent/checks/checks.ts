/**
 * Checks that this machine runs: told by control, run on their own, reported in batches. While control is away it goes on,
 * also after a restart; what cannot be sent is kept up to a bound, then the oldest goes.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isAppError, messageOf } from '#base/errors.ts'
import { openSecretBox } from '#base/secretbox.ts'
import type { CheckBatch, CheckResult, CheckSpec } from '#contract/checks.ts'
import type { AgentToControl, ControlToAgent } from '#contract/wire.ts'
import type { CheckRunner } from '#drivers/check/port.ts'
import type { ControlClient } from '../../control-client.ts'
import { replaceFile } from '../../durable-file.ts'
import type { Log } from '../log.ts'

const gatherMs = 1000
const hurryMs = 20
const retryMs = 2000
const mostKept = 10_000
const mostSent = 500
const place = 'agent/checks'

export type AgentChecks = {
  receive(message: Extract<ControlToAgent, { t: 'checks' | 'check.test' }>): void
  close(): Promise<void>
}

export function openAgentChecks(options: { home: string; machine: string; token: string; control: Pick<ControlClient, 'post' | 'download'>; send(message: AgentToControl): void; log: Log }): AgentChecks {
  const { home, machine, control, log } = options
  const file = join(home, 'agent', 'checks.sealed')
  const kept: CheckResult[] = []
  const closing = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let dueAt = Infinity
  let posting: Promise<void> = Promise.resolve()
  let dropped = 0
  let runner: Promise<CheckRunner> | undefined
  let isTold = false
  let saving: Promise<void> = Promise.resolve()

  /** Loaded with the first check: a machine without any pays nothing. */
  function running(): Promise<CheckRunner> {
    runner ??= (async () => {
      const [{ startRunner }, { openPlugins }] = await Promise.all([import('#drivers/check/runner.ts'), import('./plugins.ts')])
      return startRunner({ vantage: machine, tools: { runPlugin: openPlugins({ home, token: options.token, control }) }, onResult })
    })()
    return runner
  }

  function onResult(result: CheckResult) {
    kept.push(result)
    if (kept.length > mostKept) {
      kept.shift()
      if (dropped++ === 0) log.warn({}, `control takes no results of checks; the oldest of ${mostKept} are dropped`)
    }
    arm(result.status === 'ok' ? gatherMs : hurryMs)
  }

  function arm(ms: number) {
    const at = Date.now() + ms
    if (at >= dueAt || closing.signal.aborted) return
    clearTimeout(timer)
    dueAt = at
    timer = setTimeout(() => void (posting = posting.then(post)), ms)
  }

  async function post(): Promise<void> {
    dueAt = Infinity
    const batch = kept.slice(0, mostSent)
    if (batch.length === 0) return
    let wait = gatherMs
    try {
      await control.post('/internal/checks', { machine, sentAt: new Date().toISOString(), results: batch } satisfies CheckBatch, closing.signal)
      removeSent(batch)
      dropped = 0
    } catch (error) {
      if (isAppError(error, 'invalid')) {
        log.error({ error: messageOf(error) }, 'control refuses results of checks; they are dropped')
        removeSent(batch)
      } else wait = retryMs
    }
    if (kept.length > 0) arm(wait)
  }

  /** Some may have been dropped meanwhile. */
  function removeSent(batch: readonly CheckResult[]) {
    const last = kept.lastIndexOf(batch.at(-1) as CheckResult)
    kept.splice(0, last + 1)
  }

  async function set(specs: CheckSpec[]): Promise<void> {
    if (specs.length > 0 || runner !== undefined) (await running()).set(specs)
  }

  async function save(specs: CheckSpec[]): Promise<void> {
    const keyFile = join(home, 'keys', 'secret.key')
    try {
      await replaceFile(file, openSecretBox(await readFile(keyFile, 'utf8'), keyFile).seal(JSON.stringify(specs), place), { sync: false })
    } catch (error) {
      log.warn({ error: messageOf(error) }, 'the checks of this machine could not be written; they go on without')
    }
  }

  async function load(): Promise<void> {
    const sealed = await readFile(file).catch(() => null)
    if (sealed === null) return
    const keyFile = join(home, 'keys', 'secret.key')
    const specs = JSON.parse(openSecretBox(await readFile(keyFile, 'utf8'), keyFile).open(sealed, place)) as CheckSpec[]
    if (!isTold) await set(specs)
  }
  load().catch((error: unknown) => log.warn({ error: messageOf(error) }, 'the checks of before could not be read; control will tell'))

  return {
    receive(message) {
      if (message.t === 'check.test') {
        void running().then((each) => each.once(message.spec)).then((outcome) => options.send({ t: 'check.tested', test: message.test, outcome }))
        return
      }
      isTold = true
      void set(message.checks)
      saving = saving.then(() => save(message.checks))
    },
    async close() {
      clearTimeout(timer)
      await (await runner)?.close()
      await saving
      closing.abort(new Error('the agent is closing'))
      await posting
    },
  }
}
