/**
 * Checks as a whole: declared ones are made real, vantage points are told what to look at, control looks from outside,
 * results become states, and silence does too.
 */
import { createHmac } from 'node:crypto'
import { type Clock, systemClock } from '#base/clock.ts'
import type { SecretBox } from '#base/secretbox.ts'
import { pluginSigningKey, pluginSigningText } from '#contract/plugin-signing.ts'
import type { AgentToControl } from '#contract/wire.ts'
import type { CheckTools, StartRunner } from '#drivers/check/port.ts'
import type { Database } from '#kernel/db/db.ts'
import type { Handlers } from '#kernel/handlers.ts'
import type { Logger } from '#kernel/log.ts'
import { type Loop, startLoop } from '#kernel/loop.ts'
import type { Reach } from '#run/apps/read.ts'
import type { Sample } from '#watch/metrics/model.ts'
import { createAssign } from './assign.ts'
import { applyDeclared } from './declared.ts'
import { openIntake } from './intake.ts'
import { controlVantage, type Machines } from './model.ts'
import { countChecks, readChecks, readPluginContent } from './read.ts'
import { checkRoutes } from './routes.ts'
import { settle } from './settle.ts'
import { nextHeartbeat } from './specs.ts'
import { dropOld } from './store.ts'
import { openTrials } from './trials.ts'

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
const kept = { points: 14 * day, results: 30 * day, segments: 90 * day, windows: 30 * day }

export function openChecks(deps: ChecksDeps): Checks {
  const { db, log, machines, clock = systemClock } = deps
  const specDeps = { box: deps.box, reach: deps.reach, machine: deps.machine, proxies: machines.proxies, agents: machines.names }
  const intake = openIntake({ db, log, metrics: deps.metrics })
  const runner = deps.startRunner({ vantage: controlVantage, tools: deps.tools, onResult: intake.add })
  const assign = createAssign({ db, runner, machines, specDeps })
  const trials = openTrials({ db, runner, machines, specDeps })
  const signingKey = pluginSigningKey(deps.machineToken)
  let loops: Loop[] = []
  let alarm: NodeJS.Timeout | undefined

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

  return {
    handlers: checkRoutes({ db, box: deps.box, secret: deps.secretKey, apiUrl: deps.reach.apiUrl, sign: (name, digest) => createHmac('sha256', signingKey).update(pluginSigningText(name, digest)).digest('hex'), test: trials.run, wake }),
    take: (body) => intake.take(body, clock.now()),
    tested: trials.ended,
    plugin: (digest) => readPluginContent(db, digest),
    start() {
      loops = [
        startLoop({ name: 'checks', periodMs, turn, onError: (error) => log.error({ err: error }, 'a turn of checks failed') }),
        startLoop({
          name: 'checks.tidy', periodMs: 3_600_000, onError: (error) => log.error({ err: error }, 'retention of checks failed'),
          turn: (now) => tidy(db, now),
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

async function tidy(db: Database, now: Date) {
  const before = (ms: number) => new Date(now.getTime() - ms)
  const gone = await dropOld(db, { points: before(kept.points), results: before(kept.results), segments: before(kept.segments), windows: before(kept.windows) })
  return { actions: gone > 0 ? [`forgot ${gone} old rows of checks`] : [], waiting: [] }
}
