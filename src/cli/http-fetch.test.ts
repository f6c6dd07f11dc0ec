import assert from 'node:assert/strict'
import { type RequestListener, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import { isAppError } from '#base/errors.ts'
import { createClient } from '#contract/client.ts'
import { httpFetch } from './http-fetch.ts'

async function against<T>(listener: RequestListener, work: (client: ReturnType<typeof createClient>) => Promise<T>): Promise<T> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    return await work(createClient({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token: 't', fetch: httpFetch }))
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

describe('the transport of the command line', () => {
  test('an answer that breaks off is no defect of ours, but a connection that broke', async () => {
    const broken: RequestListener = (_request, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('{"ok":', () => response.destroy())
    }
    await assert.rejects(against(broken, (client) => client.call('system.health')), (error) => isAppError(error, 'unavailable') && /broke before its answer was complete/.test(error.message))
  })

  test('a refusal that comes before the upload is complete is heard', async () => {
    const refusing: RequestListener = (_request, response) => {
      response.writeHead(400, { 'content-type': 'application/problem+json', connection: 'close' })
      response.end(JSON.stringify({ code: 'invalid', detail: 'the source is larger than 1 GB' }))
    }
    const endless = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(new Uint8Array(64 * 1024)) })
    await assert.rejects(against(refusing, (client) => client.upload('builds.create', { params: { app: 'shop' } }, endless)), /the source is larger than 1 GB/)
  })

  test('an upload whose source breaks is given up with the reason', async () => {
    const listening: RequestListener = (request) => void request.resume()
    let chunks = 0
    const breaking = new ReadableStream<Uint8Array>({
      pull: (controller) => (chunks++ < 3 ? controller.enqueue(new Uint8Array(1024)) : controller.error(new Error('EACCES: app.js'))),
    })
    await assert.rejects(against(listening, (client) => client.upload('builds.create', { params: { app: 'shop' } }, breaking)), (error: Error) => (error.cause as Error).message === 'EACCES: app.js')
  })

  test('an answer that is not from Nightshift says so', async () => {
    const other: RequestListener = (_request, response) => response.writeHead(502).end('<h1>Bad gateway</h1>')
    await assert.rejects(against(other, (client) => client.call('system.health')), /HTTP 502 that is not from Nightshift: <h1>Bad gateway/)
  })
})
