/**
 * Where instances of this machine send telemetry: OTLP/HTTP at the address of the edges, on a port that stays the same as long as it
 * is free, because instances were told of it when they started. Bodies are taken as they are and answered at once; control looks at them
 * (and at their ingest key) later, so that no app ever waits for it. Each app has a lane, known by the keys that this machine gave out;
 * what comes with another key shares one.
 */
import { mkdir } from 'node:fs/promises'
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { backoffMs } from '#base/backoff.ts'
import { sleep } from '#base/clock.ts'
import { isAppError, messageOf } from '#base/errors.ts'
import type { ControlClient } from '../../control-client.ts'
import { readJson, replaceFile } from '../../durable-file.ts'
import type { Log } from '../log.ts'
import { Incoming } from './telemetry-incoming.ts'
import { type Next, openSpool } from './telemetry-spool.ts'

export type TelemetryListener = { readonly port: number; close(): Promise<void> }

const bodyBytes = 4 * 1024 * 1024
const retryMs = { min: 250, max: 15_000 }
/** A body on which control fails without saying why is given up after so many tries. */
const mostFailures = 5
const tellEveryMs = 60_000
const paths = /^\/v1\/(logs|metrics|traces)$/
const passed = ['content-type', 'content-encoding', 'authorization'] as const

export type TelemetryOptions = {
  host: string
  folder: string
  control: Pick<ControlClient, 'forward'>
  log: Log
  /** The lane of a key that this machine gave out; null for another key. */
  laneOfKey?: (key: string) => string | null
}

export async function openTelemetryListener({ host, folder, control, log, laneOfKey = () => null }: TelemetryOptions): Promise<TelemetryListener> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const laneOf = (authorization: string | undefined) => laneOfKey(authorization?.slice('Bearer '.length) ?? '') ?? ''
  const spool = await openSpool(join(folder, 'spool'), (item) => laneOf(item.headers['authorization']))
  const incoming = new Incoming()
  const closing = new AbortController()
  let wake = () => {}
  // whoever opens a connection and says nothing holds it for seconds, not for the half minute that Node looks in
  const server = createServer({ connectionsCheckingInterval: 2_000, headersTimeout: 5_000, requestTimeout: 20_000 }, (request, response) => {
    take(request)
      .then((answer) => reply(request, response, answer))
      .catch(() => response.destroy())
  })
  server.maxConnections = 500
  const port = await listen(server, host, join(folder, 'port.json'))

  async function take(request: IncomingMessage): Promise<{ status: number; message?: string }> {
    const path = (request.url ?? '').split('?')[0] as string
    if (!paths.test(path)) return { status: 404, message: 'send to /v1/logs, /v1/metrics or /v1/traces' }
    if (request.method !== 'POST') return { status: 405, message: 'telemetry is sent by POST' }
    if (!/^Bearer nsi_/i.test(request.headers.authorization ?? '')) return { status: 401, message: 'the authorization header holds no ingest key (see OTEL_EXPORTER_OTLP_HEADERS)' }
    if (Number(request.headers['content-length']) > bodyBytes) return { status: 413, message: `a body may have ${bodyBytes} bytes` }
    const body = await incoming.read(request, laneOf(request.headers.authorization), bodyBytes)
    if (body === 'too large') return { status: 413, message: `a body may have ${bodyBytes} bytes` }
    if (body === 'busy') return { status: 503, message: 'too much telemetry at once; send it again in a second' }
    const headers = Object.fromEntries(passed.flatMap((name) => (request.headers[name] === undefined ? [] : [[name, request.headers[name]]])))
    await spool.add({ path: `/otlp${path}`, atMs: Date.now(), headers, body }, resting.has(laneOf(request.headers.authorization)))
    wake()
    return { status: 200 }
  }

  /** Of lanes whose oldest body was not taken: how often, and until when it rests. */
  const resting = new Map<string, { tries: number; failures: number; untilMs: number }>()

  /** By lane: when it was told of last, and how many bodies were skipped since. */
  const skipped = new Map<string, { atMs: number; count: number }>()

  async function pump(): Promise<void> {
    while (!closing.signal.aborted) {
      const next = await spool.first(Date.now(), (lane) => (resting.get(lane)?.untilMs ?? 0) > performance.now())
      tellOfDropped()
      if (next === null) await woken()
      else await send(next)
    }
  }

  let toldOfDroppedMs = -Infinity

  /** Once a minute, too: in a flood some is dropped with each body that comes. */
  function tellOfDropped(): void {
    if (performance.now() - toldOfDroppedMs < tellEveryMs) return
    const dropped = spool.takeDropped()
    if (dropped === 0) return
    toldOfDroppedMs = performance.now()
    log.warn({ dropped }, 'telemetry of instances was dropped, because control did not take it for long')
  }

  /** Of a lane once a minute: whoever sends nonsense does not write our log. */
  function tellOf(lane: string, error: string): void {
    const told = skipped.get(lane) ?? { atMs: -Infinity, count: 0 }
    skipped.set(lane, told)
    told.count++
    if (performance.now() - told.atMs < tellEveryMs) return
    log.warn({ error, lane, bodies: told.count }, 'control does not take telemetry; it is skipped')
    Object.assign(told, { atMs: performance.now(), count: 0 })
  }

  /** Until something comes, or a lane has rested. */
  async function woken(): Promise<void> {
    const now = performance.now()
    const waits = [...resting.values()].map(({ untilMs }) => untilMs - now).filter((ms) => ms > 0)
    await new Promise<void>((resolve) => {
      const timer = spool.size().items > 0 ? setTimeout(resolve, Math.max(10, waits.length === 0 ? 0 : Math.min(...waits))) : undefined
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
      if (closing.signal.aborted) wake()
    })
  }

  async function send({ lane, item, done }: Next): Promise<void> {
    const { tries, failures } = resting.get(lane) ?? { tries: 0, failures: 0 }
    try {
      await control.forward(item.path, item.body, item.headers, closing.signal)
    } catch (error) {
      if (closing.signal.aborted) return
      const failed = failures + (isAppError(error, 'internal') ? 1 : 0)
      if (!isAppError(error, 'invalid') && failed < mostFailures) {
        resting.set(lane, { tries: tries + 1, failures: failed, untilMs: performance.now() + backoffMs(retryMs.min, retryMs.max, tries) })
        return spool.keep(lane)
      }
      tellOf(lane, messageOf(error))
    }
    resting.delete(lane)
    await done()
  }
  const pumping = pump()

  return {
    port,
    async close() {
      closing.abort()
      wake()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await pumping
      await spool.close()
    },
  }
}

/** An empty answer is what the protocol has for "all of it". */
function reply(request: IncomingMessage, response: ServerResponse, { status, message }: { status: number; message?: string }): void {
  const json = (request.headers['content-type'] ?? '').startsWith('application/json')
  response.writeHead(status, { 'content-type': status !== 200 ? 'text/plain' : json ? 'application/json' : 'application/x-protobuf', ...(status === 413 || status === 503 ? { connection: 'close' } : {}), ...(status === 503 ? { 'retry-after': '1' } : {}) })
  response.end(status === 200 ? (json ? '{}' : '') : message)
}

/** The port of before, if it is free within a moment (the agent of before may still be ending); else another. */
async function listen(server: Server, host: string, file: string): Promise<number> {
  const before = (await readJson<{ port: number }>(file).catch(() => null))?.port
  const wanted = Number.isInteger(before) && (before as number) > 0 && (before as number) < 65_536 ? (before as number) : 0
  for (let tries = 0; ; tries++) {
    const port = await bind(server, host, tries < 10 ? wanted : 0).catch(() => null)
    if (port === null && tries <= 12) {
      await sleep(200)
      continue
    }
    if (port === null) throw new Error(`no port of ${host} is free for telemetry`)
    if (port !== before) await replaceFile(file, JSON.stringify({ port }), { sync: false })
    return port
  }
}

function bind(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, () => {
      server.off('error', reject)
      resolve((server.address() as AddressInfo).port)
    })
  })
}
