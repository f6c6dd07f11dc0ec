/** Runs that people ask for, before a check is made or in between: here, or on a machine that answers when it has looked. */
import { randomUUID } from 'node:crypto'
import { AppError } from '#base/errors.ts'
import type { CheckSpec, Outcome } from '#contract/checks.ts'
import type { AgentToControl } from '#contract/wire.ts'
import type { CheckRunner } from '#drivers/check/port.ts'
import type { Database } from '#kernel/db/db.ts'
import { type CheckRowIn, controlVantage, type Machines } from './model.ts'
import { type SpecDeps, specFor } from './specs.ts'

export type Trials = {
  /** Throws `limited` when too many are under way, and `unavailable` when the machine is away or silent. */
  run(row: CheckRowIn, from: string, signal: AbortSignal): Promise<Outcome>
  /** The answer of a machine. */
  ended(message: Extract<AgentToControl, { t: 'check.tested' }>): void
}

/** Each may last a minute. */
const mostAtOnce = 20

export function openTrials({ db, runner, machines, specDeps }: { db: Database; runner: Pick<CheckRunner, 'once'>; machines: Machines; specDeps: SpecDeps }): Trials {
  const away = openAway(machines)
  let running = 0
  return {
    async run(row, from, signal) {
      if (running >= mostAtOnce) throw new AppError('limited', `${running} checks are being tried already; try again in a moment`)
      running++
      try {
        const vantage = from === 'near' ? machines.names()[0] : from.replace(/^machine:/, '')
        if (vantage === undefined) throw new AppError('unavailable', 'no machine is connected that could run it')
        const spec = await specFor(db, row, vantage, specDeps)
        return await (vantage === controlVantage ? runner.once(spec) : away.run(vantage, spec, signal))
      } finally {
        running--
      }
    },
    ended: away.ended,
  }
}

const answerMs = 70_000

/** On machines, each waiting for its answer. */
export function openAway(machines: Pick<Machines, 'send'>) {
  const waiting = new Map<string, (outcome: Outcome) => void>()
  return {
    ended({ test, outcome }: { test: string; outcome: Outcome }) {
      waiting.get(test)?.(outcome)
    },
    async run(machine: string, spec: CheckSpec, signal: AbortSignal): Promise<Outcome> {
      signal.throwIfAborted()
      const test = randomUUID()
      const limit = AbortSignal.any([signal, AbortSignal.timeout(Math.min(answerMs, spec.timeoutMs + 5000))])
      if (!machines.send(machine, { t: 'check.test', test, spec })) throw new AppError('unavailable', `the agent of ${machine} is not connected`)
      // made only now, when it is also waited for: a rejection that nobody sees ends the process
      const { promise, resolve, reject } = Promise.withResolvers<Outcome>()
      waiting.set(test, resolve)
      limit.addEventListener('abort', () => reject(new AppError('unavailable', `the agent of ${machine} did not answer in time`)), { once: true })
      try {
        return await promise
      } finally {
        waiting.delete(test)
      }
    },
  }
}
