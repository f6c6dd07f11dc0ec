/**
 * Where instances of this machine send telemetry: OTLP/HTTP at the address of the edges, on a port that stays the same as long as it
 * is free, because instances were told of it when they started. Bodies are taken as they are and answered at once; control looks at them
 * (and at their ingest key) later, so that no app ever waits for it.
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
import { openSpool } from './telemetry-spool.ts'

export type TelemetryListener = { readonly port: number; close(): Promise<void> }

const bodyBytes = 4 * 1024 * 1024
const retryMs = { min: 250, max: 15_000 }
const paths = /^\/v1\/(logs|metrics|traces)$/
const passed = ['content-type', 'content-encoding', 'authorization'] as const

export async function openTelemetryListener({ host, folder, control, log }: { host: string; folder: string; control: Pick<ControlClient, 'forward'>; log: Log }): Promise<TelemetryListener> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const spool = await openSpool(join(folder, 'spool'))
  const closing = new AbortController()
  let wake = () => {}
  const server = createServer((request, response) => {
    take(request)
      .then((answer) => reply(request, response, answer))
      .catch(() => response.destroy())
  })
  server.requestTimeout = 30_000
  server.maxConnections = 500
  const port = await listen(server, host, join(folder, 'port.json'))

  async function take(request: IncomingMessage): Promise<{ status: number; message?: string }> {
    const path = (request.url ?? '').split('?')[0] as string
    if (!paths.test(path)) return { status: 404, message: 'send to /v1/logs, /v1/metrics or /v1/traces' }
    if (request.method !== 'POST') return { status: 405, message: 'telemetry is sent by POST' }
    if (!/^Bearer nsi_/i.test(request.headers.authorization ?? '')) return { status: 401, message: 'the authorization header holds no ingest key (see OTEL_EXPORTER_OTLP_HEADERS)' }
    if (Number(request.headers['content-length']) > bodyBytes) return { status: 413, message: `a body may have ${bodyBytes} bytes` }
    const chunks: Buffer[] = []
    let size = 0
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > bodyBytes) return { status: 413, message: `a body may have ${bodyBytes} bytes` }
      chunks.push(chunk)
    }
    const headers = Object.fromEntries(passed.flatMap((name) => (request.headers[name] === undefined ? [] : [[name, request.headers[name]]])))
    await spool.add({ path: `/otlp${path}`, atMs: Date.now(), headers, body: Buffer.concat(chunks) })
    wake()
    return { status: 200 }
  }

  async function pump(): Promise<void> {
    let tries = 0
    while (!closing.signal.aborted) {
      const next = await spool.first(Date.now())
      const dropped = spool.takeDropped()
      if (dropped > 0) log.warn({ dropped }, 'telemetry of instances was dropped, because control did not take it for long')
      if (next === null) {
        await new Promise<void>((resolve) => {
          wake = resolve
          if (spool.size().items > 0 || closing.signal.aborted) resolve()
        })
        continue
      }
      try {
        await control.forward(next.item.path, next.item.body, next.item.headers, closing.signal)
        tries = 0
        await next.done()
      } catch (error) {
        if (closing.signal.aborted) return
        if (isAppError(error, 'invalid')) {
          log.warn({ error: messageOf(error) }, 'control refuses telemetry for good; it is skipped')
          await next.done()
        } else await sleep(backoffMs(retryMs.min, retryMs.max, tries++), closing.signal).catch(() => {})
      }
    }
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
  response.writeHead(status, { 'content-type': status !== 200 ? 'text/plain' : json ? 'application/json' : 'application/x-protobuf', ...(status === 413 ? { connection: 'close' } : {}) })
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
