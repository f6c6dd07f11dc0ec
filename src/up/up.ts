/**
 * `nightshift up`: one small supervisor per home. It starts what does not run, adopts what does, restarts what ends, and
 * tells when all is ready. It holds nothing that would be lost with it: killed, everything runs on, and the next one adopts.
 */
import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock, sleep } from '#base/clock.ts'
import { AppError } from '#base/errors.ts'
import { formatDuration } from '#base/units.ts'
import { createLogger } from '#kernel/log.ts'
import { findPostgres } from '#kernel/postgres/embedded.ts'
import { identityOf, isAlive } from '#kernel/supervisor/identity.ts'
import { readJson, writeJson } from '#kernel/supervisor/json-file.ts'
import { boundLog } from '#kernel/supervisor/log-file.ts'
import { holderOf, takeLock } from '#kernel/supervisor/lock.ts'
import { findRecorded } from '#kernel/supervisor/node-process.ts'
import { type ProcessView, supervise } from '#kernel/supervisor/supervisor.ts'
import { type HomeConfig, prepareHome, readConfig, readKey, saveConfig } from './home.ts'
import { loginLink } from './login-link.ts'
import type { ProcessOptions } from './options.ts'
import { chooseConfig } from './ports.ts'
import { nightshiftProcesses, reachable } from './processes.ts'
import { stopAppsSignal } from './signals.ts'
import { stopAll } from './stop.ts'
import { version } from './version.ts'

export type Ready = { api: string; ingress: string; console: string; loginUrl: string }
export type SupervisorRecord = { pid: number; startTime: string; version: string; startedAt: string; readyAt: string | null; processes: ProcessView[] }

export function supervisorRecordFile(home: string): string {
  return join(home, 'run', 'up.json')
}
export function supervisorLockFile(home: string): string {
  return join(home, 'run', 'up.lock')
}

const say = (text: string) => void process.stdout.write(`${text}\n`)

/** Runs until it is told to end; resolves to the exit code. */
export async function runUp(options: ProcessOptions): Promise<number> {
  const { home } = options
  const startedAt = performance.now()
  prepareHome(home)
  if (options.detach) return runDetached(options)
  const lock = await takeLock(supervisorLockFile(home))
  if ('heldBy' in lock) throw new AppError('conflict', `${home} is already up (pid ${lock.heldBy.pid}; see: nightshift status --home ${home})`)
  const log = createLogger({ process: 'up', home })
  const saved = readConfig(home)
  const config = await chooseConfig(options, saved, await heldPorts(home, saved))
  saveConfig(home, config)
  const processes = nightshiftProcesses(home, config, options.databaseUrl)

  // heard from here on; before, a signal ends us as any process, and nothing has been started
  const asked = Promise.withResolvers<NodeJS.Signals>()
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', stopAppsSignal] as const) process.on(signal, () => asked.resolve(signal))

  const record: SupervisorRecord = { pid: process.pid, startTime: identityOf(process.pid)?.startTime ?? '', version, startedAt: new Date().toISOString(), readyAt: null, processes: [] }
  say(`nightshift ${version} in ${home}`)
  log.info({ version, config }, 'up starts')
  const told = new Map<string, string>()
  const supervisor = supervise({
    managed: () => processes.all(),
    clock: systemClock,
    log,
    onChange(view) {
      record.processes = view
      writeJson(supervisorRecordFile(home), record)
      for (const each of view) tell(each, told, startedAt)
      boundLog(join(home, 'log', 'up.log'))
    },
  })
  supervisor.ready
    .then(async () => {
      record.readyAt = new Date().toISOString()
      writeJson(supervisorRecordFile(home), record)
      await announce(home, config, options.readyFile, startedAt)
    })
    .catch((error: unknown) => log.error({ err: error }, 'could not announce that all is ready'))

  const signal = await asked.promise
  const apps = signal === stopAppsSignal || options.stopAppsOnExit
  say(apps ? 'stopping Nightshift and its apps' : 'stopping Nightshift; apps run on (stop them too with: nightshift down --apps)')
  log.info({ signal, apps }, 'up ends')
  await supervisor.stop()
  await stopAll(home, processes, { apps, say: (text) => say(`  ${text}`) })
  lock.release()
  log.info('up has ended')
  return 0
}

function tell(each: ProcessView, told: Map<string, string>, startedAt: number): void {
  const word = each.health === 'ready' ? `ready (pid ${each.pid})` : each.health === 'down' ? 'down' : each.health
  const before = told.get(each.name)
  if (before === word || (before === undefined && each.health === 'down')) return
  told.set(each.name, word)
  const why = each.health !== 'ready' && each.because !== '' && before !== undefined ? `: ${each.because}` : ''
  say(`  ${each.name.padEnd(9)} ${word}${why}  ${formatDuration(performance.now() - startedAt)}`)
}

async function announce(home: string, config: HomeConfig, readyFile: string | undefined, startedAt: number): Promise<void> {
  const api = `http://${reachable(config.apiHost)}:${config.apiPort}`
  let loginUrl = ''
  for (let tries = 0; loginUrl === ''; tries++) {
    try {
      loginUrl = await loginLink(api, readKey(home, 'admin.token'))
    } catch (error) {
      if (tries >= 50) throw error // control ended again meanwhile: the supervisor starts it
      await sleep(200)
    }
  }
  const ready: Ready = { api, ingress: `http://localhost:${config.httpPort}`, console: api, loginUrl }
  if (readyFile !== undefined) writeJson(readyFile, ready)
  say(`ready in ${formatDuration(performance.now() - startedAt)}
  apps     http://<app>.localhost:${config.httpPort}
  api      ${api}
  console  ${loginUrl}  (works once)`)
}

/** Ports that our own living processes hold: no other program has taken those. */
async function heldPorts(home: string, saved: HomeConfig | undefined): Promise<(port: number) => boolean> {
  const held = new Set<number | null | undefined>()
  if (findRecorded(home, 'control')) held.add(saved?.apiPort)
  if (findRecorded(home, 'proxy')) held.add(saved?.httpPort).add(saved?.httpsPort).add(saved?.dnsPort)
  if (findRecorded(home, 'agent')) held.add(saved?.dnsPort)
  if (await findPostgres(home)) held.add(saved?.databasePort)
  return (port) => held.has(port)
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
      say(`nightshift ${version} is up in ${home} (stop it with: nightshift down --home ${home})`)
      return 0
    }
    await sleep(100)
  }
  throw new AppError('unavailable', `nightshift up ended with code ${await ended} (its words are in ${logFile})`)
}

export function readRecord(home: string): SupervisorRecord | undefined {
  return readJson(supervisorRecordFile(home), (value) => value as SupervisorRecord)
}
