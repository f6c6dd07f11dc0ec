/**
 * The agent: turns a desired state into running tasks through a task driver, keeps them healthy, and tells the proxy of
 * this machine and control what is so. It needs neither of them to go on, and its own death stops no task.
 */
import { availableParallelism, hostname, release as osRelease, totalmem, type as osType } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import type { ControlToAgent, MachineFacts } from '#contract/wire.ts'
import { sleep } from '#base/clock.ts'
import { AppError, messageOf } from '#base/errors.ts'
import { createLogger } from '#kernel/log.ts'
import type { TaskDriver } from '#drivers/task/port.ts'
import { type ControlClient, createControlClient } from '../control-client.ts'
import { type Facts, openFacts } from '../facts.ts'
import { type AgentChecks, openAgentChecks } from './checks/checks.ts'
import type { ClockWatch } from './clock-watch.ts'
import { type ControlSide, createControlSide } from './control-side.ts'
import { createEffects } from './effects.ts'
import { type Endpoints, openEndpoints } from './endpoints.ts'
import { createHealthWatch } from './health-watch.ts'
import { watchOf } from './follow.ts'
import type { TaskView } from './identity.ts'
import type { Log } from './log.ts'
import { MemoryWatch } from './memory-watch.ts'
import { type Loop, type LoopStatus, startLoop, stillDesired } from './loop.ts'
import type { HealthView } from './plan.ts'
import { defaultPortRange, PortAllocator, type PortRange } from './ports.ts'
import { createSessions, type Sessions } from './sessions.ts'
import { startAccessLog } from './shipping/access-log.ts'
import { startOwnLogs } from './system/own-logs.ts'
import { startMachineLogs } from './system/machine-logs.ts'
import type { Listening } from './syslog/listen.ts'
import { startSyslog } from './syslog/syslog.ts'
import { startScraping } from './shipping/scrape.ts'
import { startStats } from './shipping/stats.ts'
import { upsOf } from './shipping/ups.ts'
import { openTaskLogs } from './shipping/task-logs.ts'
import { openStatsd } from './statsd/statsd.ts'
import { openSlugs } from './slugs.ts'
import { createStarter } from './starter.ts'
import { type AgentState, openState } from './state.ts'

export type AgentOptions = {
  home: string
  /** `http://127.0.0.1:7400`; null = there is none: go on with the last desired state. */
  controlUrl: string | null
  /** The machine token. */
  token: string
  /** This machine's name. */
  machine: string
  /** Made by the caller; closed by the agent. */
  driver: TaskDriver
  version?: string
  portRange?: PortRange
  /** How often everything is looked at again though nothing happened. */
  periodMs?: number
  statsPeriodMs?: number
  /** What becomes of the memory of instances. */
  memory?: MemoryWatch
  /** Where syslog may come in; default: nowhere. */
  syslog?: { places: readonly Listening[]; certFile: string | null; keyFile: string | null }
  /** Ship the journal, or the syslog files, of this machine. */
  machineLogs?: boolean
  log?: Log
}

export type Agent = {
  /** Ends the agent; apps run on. */
  close(): Promise<void>
  /** Stops every app (drained quickly); the agent goes on, and starts nothing any more. */
  stopApps(): Promise<void>
  status(): LoopStatus | null
}

const lastWordsMs = 2_000
const collectMs = 10 * 60_000

export async function runAgent(options: AgentOptions): Promise<Agent> {
  const { home, driver, machine } = options
  staySmall()
  const log = options.log ?? createLogger({ process: 'agent' })
  const now = () => Date.now()
  const control = options.controlUrl === null ? noControl : createControlClient(options.controlUrl, options.token)
  const state = await openState(home, log)
  const slugs = await openSlugs(home, options.controlUrl === null ? null : control)
  const facts = await openFacts({ file: join(home, 'agent', 'facts.ndjson'), machine, control, now: () => new Date(), log: (level, message) => log[level]({}, message) })
  const limits = await driver.limits().catch((error: unknown) => [`the limits of driver ${driver.kind} are not known: ${messageOf(error)}`])

  const side = createControlSide({ home, token: options.token, state, driver, control, facts: () => machineFacts(options, limits), log })
  let loop: Loop | undefined
  const wake = () => loop?.wake()
  const endpoints = openEndpoints({
    socketPath: join(home, 'run', 'proxy.sock'),
    onSuspect: (instance) => health.hurry(instance),
    log,
  })
  const health = createHealthWatch({ driver, now, onChange: (view, seen, before) => onHealth({ state, facts, endpoints }, view, seen, before, wake) })
  const logs = await openTaskLogs({ folder: join(home, 'agent', 'logs'), machine, driver, control, onShipped: wake, log })
  const noStatsd = { open: async () => null, close: async () => {} }
  const statsd = options.controlUrl === null ? noStatsd : openStatsd({ machine, host: () => driver.hostAddress({}), control, tasks: () => loop?.tasks() ?? [], log, periodMs: options.statsPeriodMs ?? 10_000 })
  const starter = createStarter({ statsd, driver, slugs, ports: new PortAllocator(options.portRange ?? defaultPortRange), tasks: () => loop?.tasks() ?? [] })
  const effects = createEffects({
    state,
    driver,
    starter,
    endpoints,
    facts,
    logs,
    wake,
    now,
    log,
    wanted: (spec) => !loop?.isStopping() && stillDesired(state, spec),
  })
  const sessions = createSessions({
    driver,
    send: side.send,
    log,
    runningTask: (instance) => loop?.runningTask(instance) ?? null,
    startOnce: (spec) => effects.startOnce(spec),
    onEnded: wake,
  })

  const checks = openAgentChecks({ home, machine, token: options.token, control, send: side.send, log })

  const closed = new AbortController()
  const memory = options.memory ?? new MemoryWatch()
  loop = startLoop({
    state,
    driver,
    effects,
    endpoints,
    health,
    logs,
    leaks: () => memory.leaks(),
    now,
    log,
    sessionTasks: () => sessions.tasks(),
    onObserved: side.observed,
    periodMs: options.periodMs ?? 3_000,
  })

  if (options.controlUrl !== null) {
    const message = (each: ControlToAgent) => receive(each, { state, sessions, checks, clock: side.clock, wake, log, prune: () => collect(true) })
    void side.connect(options.controlUrl, { message, cut: () => void sessions.closeAll() }, closed.signal)
  }
  const stats = startStats({ periodMs: options.statsPeriodMs ?? 10_000, machine, driver, control, home, tasks: () => loop?.tasks() ?? [], memory, ups: () => upsOf(state.desired().instances, side.lastObserved()), clockOffsetMs: () => side.clock.offsetMs(), log })
  const scraping = startScraping({ machine, control, tasks: () => loop?.tasks() ?? [], specs: () => state.desired().instances, log })
  const access = startAccessLog({ file: join(home, 'proxy', 'access.log'), stateFile: join(home, 'agent', 'access-position.json'), machine, control, log })
  const shipped = { home, machine, control, log }
  const systemLogs = [
    startOwnLogs(shipped),
    ...(options.machineLogs === true ? [startMachineLogs(shipped)] : []),
    ...(options.syslog === undefined || options.syslog.places.length === 0 ? [] : [await startSyslog({ ...shipped, ...options.syslog })]),
  ]
  function collect(all: boolean) {
    const inUse = new Set((loop?.tasks() ?? []).map((view) => view.who.artifact))
    for (const { artifact } of state.desired().instances) if (artifact.kind === 'slug') inUse.add(artifact.digest)
    slugs.collect(inUse, { all }).then(
      (removed) => removed.length > 0 && log.info({ removed }, 'unused slugs removed'),
      (error: unknown) => log.warn({ error: messageOf(error) }, 'unused slugs could not be removed'),
    )
  }
  const collector = setInterval(collect, collectMs, false)

  let closing: Promise<void> | undefined
  async function close() {
    closed.abort()
    clearInterval(collector)
    stats.close()
    scraping.close()
    await statsd.close()
    await checks.close()
    await sessions.closeAll()
    await loop?.close()
    effects.close()
    await effects.idle()
    effects.settle()
    await state.save()
    health.close()
    endpoints.close()
    await Promise.all([side.close(), logs.close(), facts.close(), access.close(), ...systemLogs.map((each) => each.close())])
    control.close()
    await driver.close()
  }

  return {
    close: () => (closing ??= close()),
    async stopApps() {
      await sessions.closeAll()
      await loop?.stopAll()
      await lastWords(() => loop?.tasks() ?? [], side)
    },
    status: () => loop?.status() ?? null,
  }
}

/**
 * An agent makes much short-lived garbage and keeps little: a young heap that does not grow costs a few more quick
 * collections and saves some 15 MB resident (measured idle, Node 26.10, 2026-11-20).
 */
function staySmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
}

/** What apps said while they were stopped is sent before the agent ends, if control takes it at once; else it stays on disk. */
async function lastWords(tasks: () => readonly TaskView[], control: Pick<ControlSide, 'connected'>): Promise<void> {
  const end = Date.now() + lastWordsMs
  while (control.connected() && tasks().length > 0 && Date.now() < end) await sleep(25)
}

/** A task became ready, sick, or failed to come up: the endpoint follows at once, the rest in the next turn. */
function onHealth(deps: { state: AgentState; facts: Facts; endpoints: Endpoints }, view: TaskView, seen: HealthView, before: HealthView['state'], wake: () => void): void {
  const { who, status } = view
  const record = deps.state.records().get(who.instance)
  const next = watchOf(deps.state, view)
  if (!record || !next) return
  if (seen.state !== 'ready') deps.endpoints.unready(who.instance)
  const at = new Date().toISOString()
  if (seen.state === 'ready' && next.readyAt === null) {
    deps.state.setRecord({ ...record, next: { ...next, readyAt: at } })
    const afterMs = Math.max(0, Date.parse(at) - Date.parse(status.startedAt))
    deps.facts.note({ kind: 'instance.ready', who, about: who.task, data: { attempt: who.attempt, generation: who.generation, afterMs, address: status.address } })
  } else if (seen.state === 'unhealthy' || seen.state === 'failed')
    deps.facts.note({ kind: 'instance.unhealthy', who, about: `${who.task} ${at}`, data: { attempt: who.attempt, generation: who.generation, because: seen.because, cause: seen.cause ?? null, before } })
  wake()
}

function receive(message: ControlToAgent, deps: { state: AgentState; sessions: Sessions; checks: AgentChecks; clock: ClockWatch; wake(): void; prune(): void; log: Log }): void {
  switch (message.t) {
    case 'desired':
      void deps.state.setDesired(message.state).then((taken) => {
        if (!taken) deps.log.warn({ generation: message.state.generation, have: deps.state.desired().generation }, 'an older desired state is ignored')
        deps.wake()
      })
      return deps.wake()
    case 'checks':
    case 'check.test':
      return deps.checks.receive(message)
    case 'clock':
      return deps.clock.answered(message)
    case 'prune':
      return deps.prune()
    case 'session.open':
      return deps.sessions.open(message)
    case 'session.input':
      return deps.sessions.input(message)
    case 'session.resize':
      return deps.sessions.resize(message)
    case 'session.close':
      return deps.sessions.close(message)
  }
}

function machineFacts(options: AgentOptions, limits: string[]): Omit<MachineFacts, 'edgeHost' | 'telemetryPort'> {
  return {
    machine: options.machine,
    driver: options.driver.kind,
    ownAddresses: options.driver.ownAddresses,
    version: options.version ?? '0.0.0',
    os: `${osType()} ${osRelease()} (${hostname()})`,
    cpus: availableParallelism(),
    memoryBytes: totalmem(),
    limits,
  }
}

const away = () => Promise.reject(new AppError('unavailable', 'this agent has no control plane'))
const noControl: ControlClient = { post: away, forward: away, download: away, close() {} }
