import net from 'node:net'
import type { HealthSpec } from '#contract/wire.ts'
import { messageOf } from '#base/errors.ts'
import type { TaskDriver } from '#drivers/task/port.ts'
import { http } from '../lean-http.ts'

/** `silent`: it failed because nothing was answered in time. `closed`: because nothing listens there, as with every program that is still starting. */
export type ProbeResult = { ok: boolean; because: string; silent?: true; closed?: true }
export type ProbeTarget = { task: string; address: { host: string; port: number } | null; health: HealthSpec }

const refused = (because: string): ProbeResult => ({ ok: false, because })

/**
 * One probe of a running task, within the time limit of its health check. Never throws: whatever goes wrong is a failed
 * probe that says why. `none` always succeeds; how long the task has lived is not its business.
 */
export async function probe(target: ProbeTarget, driver: Pick<TaskDriver, 'exec'>, signal: AbortSignal): Promise<ProbeResult> {
  const { health, address } = target
  if (health.kind === 'none') return { ok: true, because: 'it is running' }
  const limit = AbortSignal.any([signal, AbortSignal.timeout(health.timeoutMs)])
  if (health.kind === 'exec') return probeExec(target.task, health, driver, limit)
  if (!address) return refused('it has no address to probe')
  return health.kind === 'tcp' ? probeTcp(address, health.timeoutMs, limit) : probeHttp(address, health, limit)
}

function probeHttp(address: { host: string; port: number }, health: Extract<HealthSpec, { kind: 'http' }>, signal: AbortSignal): Promise<ProbeResult> {
  const what = `GET ${health.path} on port ${address.port}`
  return new Promise((resolve) => {
    const request = http.get(
      {
        host: address.host,
        port: address.port,
        path: health.path,
        agent: false,
        signal,
        headers: { host: health.host ?? `${address.host}:${address.port}`, 'user-agent': 'Nightshift-Probe', accept: '*/*', connection: 'close' },
      },
      (response) => {
        const status = response.statusCode ?? 0
        response.destroy()
        resolve(status >= 200 && status < 400 ? { ok: true, because: `${what} answered ${status}` } : refused(`${what} answered ${status}`))
      },
    )
    request.on('error', (error) => resolve(unanswered(what, error, health.timeoutMs, signal)))
  })
}

/** Whether a program that accepts connections also answers: HEAD /, and any status will do. */
export function probeAnswers(address: { host: string; port: number }, timeoutMs: number, signal: AbortSignal): Promise<ProbeResult> {
  const what = `HEAD / on port ${address.port}`
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
  return new Promise((resolve) => {
    const request = http.request({ ...address, method: 'HEAD', path: '/', agent: false, signal: limit, headers: { 'user-agent': 'Nightshift-Probe', connection: 'close' } }, (response) => {
      response.destroy()
      resolve({ ok: true, because: `${what} answered ${response.statusCode}` })
    })
    request.on('error', (error) => resolve(unanswered(what, error, timeoutMs, limit)))
    request.end()
  })
}

function unanswered(what: string, error: Error, timeoutMs: number, limit: AbortSignal): ProbeResult {
  const result = refused(`${what}: ${describe(error, timeoutMs, limit)}`)
  if (limit.aborted) return { ...result, silent: true }
  return isClosed(error) ? { ...result, closed: true } : result
}

function probeTcp(address: { host: string; port: number }, timeoutMs: number, signal: AbortSignal): Promise<ProbeResult> {
  const what = `a connection to port ${address.port}`
  return new Promise((resolve) => {
    const socket = net.connect({ host: address.host, port: address.port, signal })
    socket.on('connect', () => {
      socket.destroy()
      resolve({ ok: true, because: `${what} was accepted` })
    })
    socket.on('error', (error) => resolve({ ...refused(`${what}: ${describe(error, timeoutMs, signal)}`), ...(!signal.aborted && isClosed(error) ? { closed: true } : {}) }))
  })
}

async function probeExec(
  task: string,
  health: Extract<HealthSpec, { kind: 'exec' }>,
  driver: Pick<TaskDriver, 'exec'>,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const what = `the check ${health.argv.join(' ')}`
  const outOfTime = new Promise<'out of time'>((resolve) => {
    if (signal.aborted) resolve('out of time')
    else signal.addEventListener('abort', () => resolve('out of time'), { once: true })
  })
  try {
    // an engine that hangs takes as long over the start of the check as a check that hangs over its end
    const starting = driver.exec(task, { argv: health.argv, env: {}, tty: null })
    const session = await Promise.race([starting, outOfTime])
    if (session === 'out of time') {
      starting.then((late) => late.close()).catch(() => {}) // nobody waits for it any more
      return refused(`${what} could not even be started within ${health.timeoutMs} ms`)
    }
    let tail = Buffer.alloc(0)
    session.onOutput((data) => {
      tail = Buffer.concat([tail, data]).subarray(-200)
    })
    session.write(Buffer.alloc(0))
    const outcome = await Promise.race([session.exited, outOfTime])
    if (outcome === 'out of time') {
      session.close()
      return refused(`${what} did not end within ${health.timeoutMs} ms`)
    }
    if (outcome.code === 0) return { ok: true, because: `${what} succeeded` }
    const said = tail.toString('utf8').trim().split('\n').at(-1)
    return refused(`${what} ended with ${outcome.code === null ? 'a signal' : `code ${outcome.code}`}${said ? `: ${said}` : ''}`)
  } catch (error) {
    return refused(`${what} could not be run: ${messageOf(error)}`)
  }
}

function isClosed(error: Error): boolean {
  return (error as NodeJS.ErrnoException).code === 'ECONNREFUSED'
}

function describe(error: Error, timeoutMs: number, signal: AbortSignal): string {
  if (signal.aborted) return `no answer within ${timeoutMs} ms`
  const code = (error as NodeJS.ErrnoException).code
  if (isClosed(error)) return 'nothing listens there (connection refused)'
  if (code === 'ECONNRESET') return 'the connection was reset'
  return messageOf(error)
}
