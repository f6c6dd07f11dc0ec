/**
 * Checks as a whole: declared ones are made real, vantage points are told what to look at, control looks from outside,
 * results become states, and silence does too.
 */
import { createHmac, randomUUID } from 'node:crypto'
import { type Clock, systemClock } from '#base/clock.ts'
import { AppError } from '#base/errors.ts'
import type { SecretBox } from '#base/secretbox.ts'
import type { CheckSpec, Outcome } from '#contract/checks.ts'
import { pluginSigningKey, pluginSigningText } from '#contract/plugin-signing.ts'
import type { AgentToControl, ControlToAgent } from '#contract/wire.ts'
import type { CheckTools, StartRunner } from '#drivers/check/port.ts'
import type { Database } from '#kernel/db/db.ts'
import type { Handlers } from '#kernel/handlers.ts'
import type { Logger } from '#kernel/log.ts'
import { type Loop, startLoop } from '#kernel/loop.ts'
import type { Reach } from '#run/apps/read.ts'
import { applyDeclared } from './declared.ts'
import type { Sample } from '#watch/metrics/model.ts'
import { openIntake } from './intake.ts'
import { type CheckRowIn, controlVantage } from './model.ts'
import { countChecks, readChecks, readPluginContent } from './read.ts'
import { checkRoutes } from './routes.ts'
import { settle } from './settle.ts'
import { nextHeartbeat, specFor, specsByVantage } from './specs.ts'
import { dropOld } from './store.ts'

/** How agents are reached. */
export type Machines = { names(): string[]; /** Another after each connection. */ connection(machine: string): object | undefined; proxies(): { machine: string; httpPort: number; httpsPort: number | null }[]; send(machine: string, message: ControlToAgent): boolean }

export type ChecksDeps = {
  db: Database
  box: SecretBox
  log: Logger
  reach: Reach
  machines: Machines
  /** The machine that control runs on. */
  machine: string
  startRunner: StartRunner
  tools: CheckTools
  /** Both are kept outside of the database: pings and plugins are bound to them. */
  secretKey: string
  machineToken: string
  metrics?: (samples: Sample[]) => void
  clock?: Clock
}

export type Checks = {
  handlers: Handlers
  /** What machines send. */
  take(body: unknown): Promise<void>
  tested(message: Extract<AgentToControl, { t: 'check.tested' }>): void
  plugin(digest: string): Promise<Buffer | undefined>
  start(): Loop[]
  close(): Promise<void>
}

const periodMs = 5000
const day = 86_400_000
/** Runs that people ask for, each of which may last a minute. */
const mostTried = 20
const kept = { points: 14 * day, results: 30 * day, segments: 90 * day, windows: 30 * day }

export function openChecks(deps: ChecksDeps): Checks {
  const { db, log, machines, clock = systemClock } = deps
  const specDeps = { box: deps.box, reach: deps.reach, machine: deps.machine, proxies: machines.proxies, agents: machines.names }
  const intake = openIntake({ db, log, metrics: deps.metrics })
  const runner = deps.startRunner({ vantage: controlVantage, tools: deps.tools, onResult: intake.add })
  const tests = openTests(machines)
  const told = new WeakMap<object, string>()
  const signingKey = pluginSigningKey(deps.machineToken)
  let loops: Loop[] = []
  let alarm: NodeJS.Timeout | undefined
  let trying = 0

  /** Tells each vantage point what it is to check, where that changed. */
  async function assign(rows: readonly CheckRowIn[]): Promise<string[]> {
    const said: string[] = []
    for (const [vantage, specs] of await specsByVantage(db, rows, specDeps)) {
      if (vantage === controlVantage) {
        runner.set(specs)
        continue
      }
      const connection = machines.connection(vantage)
      const text = JSON.stringify(specs)
      if (connection === undefined || told.get(connection) === text) continue
      if (machines.send(vantage, { t: 'checks', checks: specs })) {
        told.set(connection, text)
        said.push(`told agent ${vantage} to check ${specs.length}`)
      }
    }
    return said
  }

  async function turn(now: Date) {
    const declared = await applyDeclared(db, now)
    if ((await countChecks(db)) === 0) {
      await assign([])
      return { actions: declared, waiting: [] }
    }
    const rows = await readChecks(db)
    const actions = [...declared, ...(await assign(rows)), ...(await settle(db, [], now)).said]
    clearTimeout(alarm)
    const dueMs = nextHeartbeat(rows, now) - now.getTime()
    if (dueMs < periodMs) alarm = setTimeout(wake, dueMs)
    return { actions, waiting: [] }
  }

  const wake = () => loops[0]?.wake()

  async function test(row: CheckRowIn, from: string, signal: AbortSignal): Promise<Outcome> {
    if (trying >= mostTried) throw new AppError('limited', `${trying} checks are being tried already; try again in a moment`)
    trying++
    try {
      return await tryOnce(row, from, signal)
    } finally {
      trying--
    }
  }

  async function tryOnce(row: CheckRowIn, from: string, signal: AbortSignal): Promise<Outcome> {
    const vantage = from === 'near' ? machines.names()[0] : from.replace(/^machine:/, '')
    if (vantage === undefined) throw new AppError('unavailable', 'no machine is connected that could run it')
    const spec = await specFor(db, row, vantage, specDeps)
    return vantage === controlVantage ? runner.once(spec) : tests.run(vantage, spec, signal)
  }

  return {
    handlers: checkRoutes({ db, box: deps.box, secret: deps.secretKey, apiUrl: deps.reach.apiUrl, sign: (name, digest) => createHmac('sha256', signingKey).update(pluginSigningText(name, digest)).digest('hex'), test, wake }),
    take: (body) => intake.take(body, clock.now()),
    tested: tests.ended,
    plugin: (digest) => readPluginContent(db, digest),
    start() {
      loops = [
        startLoop({ name: 'checks', periodMs, turn, onError: (error) => log.error({ err: error }, 'a turn of checks failed') }),
        startLoop({
          name: 'checks.tidy', periodMs: 3_600_000, onError: (error) => log.error({ err: error }, 'retention of checks failed'),
          turn: async (now) => {
            const gone = await dropOld(db, { points: new Date(now.getTime() - kept.points), results: new Date(now.getTime() - kept.results), segments: new Date(now.getTime() - kept.segments), windows: new Date(now.getTime() - kept.windows) })
            return { actions: gone > 0 ? [`forgot ${gone} old rows of checks`] : [], waiting: [] }
          },
        }),
      ]
      return loops
    },
    async close() {
      clearTimeout(alarm)
      await runner.close()
      await intake.close()
    },
  }
}

const answerMs = 70_000

/** Test runs on machines, each waiting for its answer. */
function openTests(machines: Machines) {
  const waiting = new Map<string, (outcome: Outcome) => void>()
  return {
    ended({ test, outcome }: { test: string; outcome: Outcome }) {
      waiting.get(test)?.(outcome)
    },
    async run(machine: string, spec: CheckSpec, signal: AbortSignal): Promise<Outcome> {
      const test = randomUUID()
      const { promise, resolve, reject } = Promise.withResolvers<Outcome>()
      waiting.set(test, resolve)
      const limit = AbortSignal.any([signal, AbortSignal.timeout(Math.min(answerMs, spec.timeoutMs + 5000))])
      limit.addEventListener('abort', () => reject(new AppError('unavailable', `the agent of ${machine} did not answer in time`)), { once: true })
      try {
        if (!machines.send(machine, { t: 'check.test', test, spec })) throw new AppError('unavailable', `the agent of ${machine} is not connected`)
        return await promise
      } finally {
        waiting.delete(test)
      }
    },
  }
}
