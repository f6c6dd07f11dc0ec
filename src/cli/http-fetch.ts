/**
 * `fetch` as far as the contract's client uses it, over Node's own HTTP client: loading fetch takes longer than everything
 * else a command does (80 of 150 ms, measured 2026-11-20), its timeouts break long silent streams, and an answer that comes
 * before the upload is complete is lost in it.
 */
import type { ClientRequest, IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { ReadableStream as NodeReadableStream } from 'node:stream/web'
import { AppError, messageOf } from '#base/errors.ts'

/** Rejects when there is no answer; a body that breaks off makes `text` and `json` reject, and iterating `body` throw. */
export const httpFetch: typeof fetch = async (input, init = {}) => {
  const url = new URL(String(input))
  const response = await respond(url, init)
  const status = response.statusCode ?? 0
  const text = (): Promise<string> => textOf(response, url.origin)
  const answer = { ok: status >= 200 && status < 300, status, text, json: async () => JSON.parse(await text()) as unknown, body: response }
  return answer as unknown as Response
}

function respond(url: URL, { method, headers, body, signal }: RequestInit): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    // An import would load fetch after all: the names of these modules include its WebSocket.
    const { request } = url.protocol === 'https:' ? process.getBuiltinModule('node:https') : process.getBuiltinModule('node:http')
    const call = request(url, { method: method ?? 'GET', headers: headers as Record<string, string>, ...(signal ? { signal } : {}) })
    // After the answer an error of the request is one of the rest of the upload, which nobody waits for any more.
    call.on('response', resolve).on('error', reject)
    send(call, body, reject)
  })
}

function send(call: ClientRequest, body: RequestInit['body'], reject: (error: unknown) => void): void {
  if (body instanceof ReadableStream) {
    const source = Readable.fromWeb(body as NodeReadableStream)
    source.on('error', (error) => {
      call.destroy()
      reject(error)
    })
    call.on('close', () => source.destroy())
    source.pipe(call)
  } else call.end(body ?? undefined)
}

async function textOf(response: IncomingMessage, origin: string): Promise<string> {
  try {
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk as Buffer)
    return Buffer.concat(chunks).toString('utf8')
  } catch (error) {
    throw new AppError('unavailable', `the connection to ${origin} broke before its answer was complete (${messageOf(error)})`, { cause: error })
  }
}
