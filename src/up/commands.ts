/** The process commands by name; each loads only what it runs. */
import { sleep } from '#base/clock.ts'
import { AppError, isAppError } from '#base/errors.ts'
import type { Logger } from '#kernel/log.ts'
import { type Running, runChild } from './child.ts'
import { readKey } from './home.ts'
import { type ProcessOptions, parseProcessOptions, standardPorts, usageOf } from './options.ts'
import { version } from './version.ts'

/** Runs one process command to its end; resolves to the exit code. */
export async function runProcessCommand(command: string, args: string[]): Promise<number> {
  try {
    const options = parseProcessOptions(command, args, process.env)
    if (options.help) {
      process.stdout.write(`${usageOf(command)}\n`)
      return 0
    }
    return await run(command, options)
  } catch (error) {
    if (!isAppError(error)) throw error
    process.stderr.write(`error: ${error.message}\n`)
    return error.code === 'invalid' ? 2 : 1
  }
}

async function run(command: string, options: ProcessOptions): Promise<number> {
  switch (command) {
    case 'up':
      return (await import('./up.ts')).runUp(options)
    case 'down':
      return (await import('./down.ts')).runDown(options)
    case 'status':
      return (await import('./status.ts')).runStatus(options)
    case 'control':
      return runChild('control', options, startControl)
    case 'agent':
      return runChild('agent', options, startAgent)
    case 'proxy':
      return runChild('proxy', options, startProxy)
    default:
      return runPostgres(options)
  }
}

async function startControl(options: ProcessOptions, log: Logger): Promise<Running> {
  const [{ runControl }, { embeddedUrl }, { machineOf }] = await Promise.all([import('#app.ts'), import('#kernel/postgres/embedded.ts'), import('./home.ts')])
  const { home } = options
  const control = await runControl({
    home,
    version,
    log,
    databaseUrl: options.databaseUrl ?? (await embeddedUrl(home, options.databasePort ?? standardPorts.database)),
    logStore: options.logStore,
    apiHost: options.apiHost ?? '127.0.0.1',
    apiPort: options.apiPort ?? standardPorts.api,
    trustedProxy: options.trustedProxy,
    httpPort: options.httpPort ?? standardPorts.http,
    httpsPort: options.httpsPort ?? null,
    machine: options.machine ?? machineOf(),
    secretKey: readKey(home, 'secret.key'),
    adminToken: readKey(home, 'admin.token'),
    machineToken: readKey(home, 'machine.token'),
  })
  return { close: () => control.close(), ports: { api: control.apiPort } }
}

async function toControl(options: ProcessOptions): Promise<{ controlUrl: string; token: string; machine: string }> {
  const { machineOf, readConfig, readKey: keyOf } = await import('./home.ts')
  const apiPort = readConfig(options.home)?.apiPort ?? standardPorts.api
  return {
    controlUrl: options.controlUrl ?? `http://127.0.0.1:${apiPort}`,
    token: options.machineToken ?? keyOf(options.home, 'machine.token'),
    machine: options.machine ?? machineOf(),
  }
}

async function startAgent(options: ProcessOptions, log: Logger): Promise<Running> {
  const [{ runAgent }, { createTaskDriver, standardDriver }] = await Promise.all([import('#data-plane/agent/run.ts'), import('./task-driver.ts')])
  const { driver: asked = 'auto' } = options
  const kind = asked === 'auto' ? (await standardDriver(process.env)).kind : asked
  const driver = createTaskDriver(kind, options.home)
  const syslog = { places: options.syslog, certFile: options.syslogCert ?? null, keyFile: options.syslogKey ?? null }
  const agent = await runAgent({ home: options.home, version, log, ...(await toControl(options)), driver, syslog, machineLogs: options.machineLogs })
  return { close: () => agent.close(), stopApps: () => agent.stopApps(), ports: {} }
}

async function startProxy(options: ProcessOptions, log: Logger): Promise<Running> {
  const { runProxy } = await import('#data-plane/proxy/run.ts')
  const proxy = await runProxy({
    home: options.home,
    version,
    log,
    ...(await toControl(options)),
    ...(options.httpHost === undefined ? {} : { httpHost: options.httpHost }),
    httpPort: options.httpPort ?? standardPorts.http,
    httpsPort: options.httpsPort ?? null,
    dnsPort: options.dnsPort ?? standardPorts.dns,
    trustTraces: options.trustTraces,
  })
  return { close: () => proxy.close(), ports: proxy.ports }
}

/** The database in the foreground, for a machine where something else supervises. */
async function runPostgres(options: ProcessOptions): Promise<number> {
  const [{ ensurePostgres, findPostgres, stopPostgres }, { prepareHome }] = await Promise.all([import('#kernel/postgres/embedded.ts'), import('./home.ts')])
  const { home } = options
  prepareHome(home)
  const lock = await lockDatabase(home)
  const ended = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => ended.abort())
  const { pid, port } = await ensurePostgres({ home, port: options.databasePort ?? standardPorts.database })
  process.stdout.write(`postgres is ready (pid ${pid}, 127.0.0.1:${port})\n`)
  while (!ended.signal.aborted && (await findPostgres(home))) await sleep(1000, ended.signal).catch(() => {})
  if (!ended.signal.aborted) return 1
  await stopPostgres(home)
  lock.release()
  return 0
}

/** One keeper a database: a second one would stop at its end what the first one keeps. A server without a keeper is taken over. */
async function lockDatabase(home: string): Promise<{ release(): void }> {
  const [{ holderOf, takeLock }, { lockFileOf }, { supervisorLockFile }] = await Promise.all([import('#kernel/supervisor/lock.ts'), import('#kernel/supervisor/node-process.ts'), import('./up.ts')])
  const supervisor = holderOf(supervisorLockFile(home))
  if (supervisor) throw new AppError('conflict', `the postgres of ${home} runs already, kept by nightshift up (pid ${supervisor.pid}; see: nightshift status --home ${home})`)
  const lock = await takeLock(lockFileOf(home, 'postgres'))
  if ('heldBy' in lock) throw new AppError('conflict', `the postgres of ${home} runs already, kept by nightshift postgres (pid ${lock.heldBy.pid})`)
  return lock
}
