/**
 * `nightshift control | agent | proxy`: one process of Nightshift. It reads its settings once, says on its status socket
 * how it is, and ends gracefully on SIGTERM; apps run on. An agent that gets `stopAppsSignal` stops all apps before it ends.
 */
import { flushCompileCache } from 'node:module'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { AppError, isAppError } from '#base/errors.ts'
import { type Logger, createLogger } from '#kernel/log.ts'
import { identityOf } from '#kernel/supervisor/identity.ts'
import { writeJsonIfRoom } from '#kernel/supervisor/json-file.ts'
import { takeLock } from '#kernel/supervisor/lock.ts'
import { type RunRecord, findRecorded, lockFileOf, recordFile, statusSocketOf } from '#kernel/supervisor/node-process.ts'
import { serveStatus } from '#kernel/supervisor/status-socket.ts'
import { prepareHome } from './home.ts'
import type { ProcessOptions } from './options.ts'
import { stopAppsSignal } from './signals.ts'
import { version } from './version.ts'

/** What a process hands back once it works. */
export type Running = {
  close(): Promise<void>
  /** Agent only: stops every app of this machine. */
  stopApps?(): Promise<void>
  ports: Record<string, number>
}

export type Start = (options: ProcessOptions, log: Logger) => Promise<Running>

/** Runs until a signal ends it; resolves to the exit code. */
export async function runChild(name: string, options: ProcessOptions, start: Start): Promise<number> {
  const { home } = options
  prepareHome(home)
  const log = createLogger({ process: name })
  const lock = await takeLock(lockFileOf(home, name))
  if ('heldBy' in lock) throw new AppError('conflict', `the ${name} of ${home} runs already (pid ${lock.heldBy.pid})`)
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'a broken invariant: this process ends and is started again')
    process.exit(1)
  })

  let running: Running | undefined
  const status = await serveStatus(statusSocketOf(home, name), () => ({ pid: process.pid, ready: running !== undefined, ports: running?.ports ?? {} }))
  recordIfAlone(home, name)
  const asked = Promise.withResolvers<NodeJS.Signals>()
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', stopAppsSignal] as const) process.on(signal, () => asked.resolve(signal))

  log.info({ home, version }, `${name} starts`)
  const starting = start(options, log).catch((error: unknown) => giveUp(portTaken(name, error) ?? error))
  const first = await Promise.race([starting, asked.promise])
  // a start that is asked to end is let come to its end first, so that it can be closed
  running = await starting
  flushCompileCache() // not only at the end, which a killed process does not see
  giveBackWhatStartingTook()
  if (name === 'agent') giveBackAfterFloods()
  if (typeof first !== 'string') log.info({ ports: running.ports }, `${name} is ready`)
  const signal = await asked.promise
  log.info({ signal }, `${name} ends`)
  if (signal === stopAppsSignal) await running.stopApps?.()
  await running.close()
  status.close()
  lock.release()
  log.info(`${name} has ended`)
  return 0
}

/**
 * A start compiles and parses much that is never needed again, and V8 lets go of it only under pressure, which an idle
 * process never has. Asked once, it does: 5 MB less in a proxy and in control, 2 in an agent (bench/RESULTS.md).
 */
function giveBackWhatStartingTook(): void {
  setTimeout(collectAll, 10_000).unref()
}

function collectAll(): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as (how: object) => void
  setFlagsFromString('--no-expose-gc')
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}

const lookMs = 15_000
/** Beyond what was there after the last collection. */
const floodBytes = 12 * 1024 ** 2

/** Buffers of a flood of telemetry are let go of when the next ones are asked for: in an agent that is quiet again, never. */
function giveBackAfterFloods(): void {
  let kept = Infinity
  let before = performance.eventLoopUtilization()
  const held = () => {
    const { external_memory: external, used_heap_size: used } = getHeapStatistics()
    return external + used
  }
  setInterval(() => {
    const now = performance.eventLoopUtilization()
    const isQuiet = performance.eventLoopUtilization(now, before).utilization < 0.1
    before = now
    kept = Math.min(kept, held())
    if (!isQuiet || held() < kept + floodBytes) return
    collectAll()
    kept = held()
  }, lookMs).unref()
}

/** What a process that could not start has opened so far would keep it alive, unseen and without a use. */
function giveUp(error: unknown): never {
  if (!isAppError(error)) throw error
  process.stderr.write(`error: ${error.message}\n`)
  process.exit(error.code === 'invalid' ? 2 : 1)
}

/** The system's word for a port it does not give, as one a person can use. */
function portTaken(name: string, error: unknown): AppError | undefined {
  const { code, address, port } = error as { code?: string; address?: string; port?: number }
  const because = code === 'EADDRINUSE' ? 'another program has it' : code === 'EACCES' ? 'only root may listen there' : undefined
  if (because === undefined || port === undefined) return undefined
  return new AppError('unavailable', `${name} cannot listen on ${address ?? '*'}:${port}: ${because} (free it, or stop Nightshift and start it with another port, see: nightshift up --help)`, { cause: error })
}

/** A process started by hand or by systemd makes its own record, so that `nightshift status` sees it. */
function recordIfAlone(home: string, name: string): void {
  if (process.env['NIGHTSHIFT_SUPERVISED'] === '1' || findRecorded(home, name)?.pid === process.pid) return
  const identity = identityOf(process.pid)
  if (identity)
    writeJsonIfRoom(recordFile(home, name), { ...identity, name, version, args: process.argv.slice(2), fingerprint: 'alone', startedAt: new Date().toISOString() } satisfies RunRecord)
}
