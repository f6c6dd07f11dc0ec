/**
 * `nightshift up`: one small supervisor per home. It starts what does not run, adopts what does, restarts what ends, and
 * tells when all is ready. It holds nothing that would be lost with it: killed, everything runs on, and the next one adopts.
 */
import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { systemClock, sleep } from '#base/clock.ts'
import { AppError } from '#base/errors.ts'
import { formatDuration } from '#base/units.ts'
import { createLogger } from '#kernel/log.ts'
import { findPostgres } from '#kernel/postgres/embedded.ts'
import { identityOf, isAlive } from '#kernel/supervisor/identity.ts'
import { readJson, writeJson, writeJsonIfRoom } from '#kernel/supervisor/json-file.ts'
import { boundLog } from '#kernel/supervisor/log-file.ts'
import { holderOf, takeLock } from '#kernel/supervisor/lock.ts'
import { findRecorded } from '#kernel/supervisor/node-process.ts'
import { type ProcessView, supervise } from '#kernel/supervisor/supervisor.ts'
import { type DriverKind, type HomeConfig, prepareHome, readConfig, readKey, saveConfig } from './home.ts'
import { lastWords } from './last-words.ts'
import { loginLink } from './login-link.ts'
import type { ProcessOptions } from './options.ts'
import { type Held, chooseConfig } from './ports.ts'
import { nightshiftProcesses, reachable } from './processes.ts'
import { stopAppsSignal } from './signals.ts'
import { stopAll } from './stop.ts'
import { version } from './version.ts'

export type Ready = { api: string; ingress: string; console: string; loginUrl: string }
export type SupervisorRecord = { pid: number; startTime: string; version: string; startedAt: string; readyAt: string | null; processes: ProcessView[] }

function supervisorRecordFile(home: string): string {
  return join(home, 'run', 'up.json')
}
export function supervisorLockFile(home: string): string {
  return join(home, 'run', 'up.lock')
}

/** Who hears what happens; the standard one writes to the terminal. */
export type UpListener = {
  say(text: string): void
  onChange(view: readonly ProcessView[]): void
  onReady(ready: Ready): void
  /** Ports that nobody asked for by number may be any free one where the standard one is taken. */
  movablePorts: boolean
}

/** Runs until it is told to end; resolves to the exit code. */
export async function runUp(options: ProcessOptions, listener: UpListener = terminal(options.home)): Promise<number> {
  const { say } = listener
  setFlagsFromString('--semi-space-growth-factor=1') // it waits more than it works: a small young heap does
  const { home } = options
  prepareHome(home)
  if (options.detach) return runDetached(options)
  const lock = await takeLock(supervisorLockFile(home))
  if ('heldBy' in lock) throw new AppError('conflict', `${home} is already up (pid ${lock.heldBy.pid}; see: nightshift status --home ${home})`)
  const log = createLogger({ process: 'up', home })
  const saved = readConfig(home)
  const driver = await chooseDriver(options, saved, say)
  const config = await chooseConfig(options, saved, { driver, held: await heldPorts(home, saved), movable: listener.movablePorts, say })
  saveConfig(home, config)
  const processes = nightshiftProcesses(home, config, options.databaseUrl)

  // whoever read this may be gone first, as in `up | head`: nobody is told any more, and all is stopped all the same
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  // heard from here on; before, a signal ends us as any process, and nothing has been started
  let asking = false
  const asked = Promise.withResolvers<NodeJS.Signals>()
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', stopAppsSignal] as const) process.on(signal, () => asked.resolve(signal))

  const record: SupervisorRecord = { pid: process.pid, startTime: identityOf(process.pid)?.startTime ?? '', version, startedAt: new Date().toISOString(), readyAt: null, processes: [] }
  let later: NodeJS.Timeout | undefined
  /** Now, or once the disk has room. */
  function writeRecord(): void {
    clearTimeout(later)
    if (!writeJsonIfRoom(supervisorRecordFile(home), record)) later = setTimeout(writeRecord, 1000).unref()
  }
  log.info({ version, config }, 'up starts')
  const supervisor = supervise({
    managed: () => processes.all(),
    clock: systemClock,
    log,
    onChange(view) {
      record.processes = view
      writeRecord()
      listener.onChange(view)
      boundLog(join(home, 'log', 'up.log'))
    },
  })
  supervisor.ready
    .then(async () => {
      const ready = await announce(home, config, options.readyFile)
      record.readyAt = new Date().toISOString()
      writeRecord()
      listener.onReady(ready)
    })
    .catch((error: unknown) => asking || log.error({ err: error }, 'could not announce that all is ready'))

  const signal = await asked.promise
  asking = true
  const apps = signal === stopAppsSignal || options.stopAppsOnExit
  say(apps ? 'stopping Nightshift and its apps' : 'stopping Nightshift; apps run on (stop them too with: nightshift down --apps)')
  log.info({ signal, apps }, 'up ends')
  await supervisor.stop()
  await stopAll(home, processes, { apps, say: (text) => say(`  ${text}`) })
  lock.release()
  log.info('up has ended')
  return 0
}

/** `nightshift up` in a terminal: a line whenever something changes. */
function terminal(home: string): UpListener {
  const startedAt = performance.now()
  const told = new Map<string, string>()
  let headed = false
  const say = (text: string) => {
    if (!headed) process.stdout.write(`nightshift ${version} in ${home}\n`)
    headed = true
    process.stdout.write(`${text}\n`)
  }
  return {
    say,
    movablePorts: false,
    onChange(view) {
      for (const each of view) {
        const word = each.health === 'ready' ? `ready (pid ${each.pid})` : each.health
        const before = told.get(each.name)
        if (before === word || (before === undefined && word === 'down')) continue
        told.set(each.name, word)
        const words = each.health === 'down' ? lastWords(join(home, 'log', `${each.name}.log`)) : undefined
        const because = each.health === 'down' ? `: ${each.because}${words === undefined ? '' : ` (${words})`}` : ''
        say(`  ${each.name.padEnd(9)} ${word}${because}  ${formatDuration(performance.now() - startedAt)}`)
      }
    },
    onReady({ api, ingress, loginUrl }) {
      say(`ready in ${formatDuration(performance.now() - startedAt)}
  apps     ${ingress.replace('//', '//<app>.')}
  api      ${api}
  console  ${loginUrl}  (works once)`)
    },
  }
}

/** Makes a login link, which proves that control serves, and tells in the ready file. */
async function announce(home: string, config: HomeConfig, readyFile: string | undefined): Promise<Ready> {
  const api = `http://${reachable(config.apiHost)}:${config.apiPort}`
  for (let tries = 0; ; tries++) {
    try {
      const loginUrl = await loginLink(api, readKey(home, 'admin.token'))
      const ready: Ready = { api, ingress: `http://localhost:${config.httpPort}`, console: api, loginUrl }
      if (readyFile !== undefined) writeJson(readyFile, ready)
      return ready
    } catch (error) {
      if (tries >= 50) throw error // control ended again meanwhile: the supervisor starts it
      await sleep(200)
    }
  }
}

/** Asked for, else as before, else found out once. */
async function chooseDriver({ driver }: ProcessOptions, saved: HomeConfig | undefined, say: (text: string) => void): Promise<DriverKind> {
  if (driver !== undefined && driver !== 'auto') return driver
  if (saved) return saved.driver
  const { standardDriver } = await import('./task-driver.ts')
  const { kind, because } = await standardDriver(process.env)
  say(`  apps run by the ${kind} driver: ${because}`)
  return kind
}

/** Ports that our own living processes hold: no other program has taken those. */
async function heldPorts(home: string, saved: HomeConfig | undefined): Promise<Held> {
  const control = findRecorded(home, 'control') ? saved : undefined
  const proxy = findRecorded(home, 'proxy') ? saved : undefined
  const database = (await findPostgres(home)) ? saved : undefined
  const held = { 'api-port': control?.apiPort, 'http-port': proxy?.httpPort, 'https-port': proxy?.httpsPort, 'dns-port': proxy?.dnsPort, 'database-port': database?.databasePort }
  return (port, flag) => held[flag] === port
}

/** Starts the supervisor in the background and returns when all is ready. */
async function runDetached(options: ProcessOptions): Promise<number> {
  const { home } = options
  const holder = holderOf(supervisorLockFile(home))
  if (holder) throw new AppError('conflict', `${home} is already up (pid ${holder.pid}; see: nightshift status --home ${home})`)
  const logFile = join(home, 'log', 'up.out.log')
  const out = openSync(logFile, 'w', 0o600)
  const args = process.argv.slice(1).filter((arg) => arg !== '--detach')
  const child = spawn(process.execPath, args, { detached: true, stdio: ['ignore', out, out], env: process.env })
  closeSync(out)
  const ended = new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? 1)))
  const identity = identityOf(child.pid ?? 0)
  while (identity && isAlive(identity)) {
    const { readyAt, pid } = readRecord(home) ?? {}
    if (pid === identity.pid && readyAt) {
      child.unref()
      process.stdout.write(`nightshift ${version} is up in ${home} (stop it with: nightshift down --home ${home})\n`)
      return 0
    }
    await sleep(100)
  }
  throw new AppError('unavailable', `nightshift up ended with code ${await ended} (its words are in ${logFile})`)
}

export function readRecord(home: string): SupervisorRecord | undefined {
  return readJson(supervisorRecordFile(home), (value) => value as SupervisorRecord)
}
