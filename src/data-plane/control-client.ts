import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { AppError } from '#base/errors.ts'
import { http, https } from './lean-http.ts'

/** HTTP of an agent or a proxy to control: small, kept alive, with time limits. A 2xx of `post` means stored. */
export type ControlClient = {
  /** Throws `unavailable` (try again), or `invalid` when control refuses the body for good (4xx). */
  post(path: string, body: unknown, signal?: AbortSignal): Promise<void>
  /** Sends a body as it is, with headers in place of our own; throws `invalid` for every 4xx that trying again does not mend, a refused credential too, and `internal` where control fails on it. */
  forward(path: string, body: Buffer, headers: OutgoingHttpHeaders, signal?: AbortSignal): Promise<void>
  download(path: string, signal?: AbortSignal): Promise<Readable>
  close(): void
}

const compress = promisify(gzip)
const compressFromBytes = 1024
const timeoutMs = 15_000

export function createControlClient(baseUrl: string, token: string): ControlClient {
  const scheme = baseUrl.startsWith('https:') ? https : http
  const agent = new scheme.Agent({ keepAlive: true, maxSockets: 6, timeout: 60_000 })

  function request(method: string, path: string, headers: OutgoingHttpHeaders, body: Buffer | null, signal?: AbortSignal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const url = new URL(path, baseUrl)
      const call = scheme.request(url, { method, agent, timeout: timeoutMs, headers: { authorization: `Bearer ${token}`, ...headers }, ...(signal ? { signal } : {}) })
      call.on('response', resolve)
      call.on('timeout', () => call.destroy(new Error(`no answer within ${timeoutMs} ms`)))
      call.on('error', (error) => reject(new AppError('unavailable', `${method} ${url.pathname} failed: ${error.message}`, { cause: error })))
      call.end(body ?? undefined)
    })
  }

  function refusal(what: string, status: number, answer: string): AppError {
    const forGood = status >= 400 && status < 500 && ![401, 403, 404, 408, 425, 429].includes(status)
    return new AppError(forGood ? 'invalid' : 'unavailable', `${what} answered ${status}: ${answer.slice(0, 300)}`)
  }

  return {
    async forward(path, body, headers, signal) {
      const response = await request('POST', path, { ...headers, 'content-length': body.length }, body, signal)
      const status = response.statusCode ?? 0
      const answer = await textOf(response)
      const forGood = status >= 400 && status < 500 && ![404, 408, 425, 429].includes(status)
      if (status < 200 || status >= 300) throw new AppError(forGood ? 'invalid' : status === 500 ? 'internal' : 'unavailable', `POST ${path} answered ${status}: ${answer.slice(0, 300)}`)
    },
    async post(path, body, signal) {
      const plain = Buffer.from(JSON.stringify(body))
      const packed = plain.length < compressFromBytes ? null : await compress(plain, { level: 1 })
      const content = packed ?? plain
      const headers = { 'content-type': 'application/json', 'content-length': content.length, ...(packed ? { 'content-encoding': 'gzip' } : {}) }
      const response = await request('POST', path, headers, content, signal)
      const status = response.statusCode ?? 0
      const answer = await textOf(response)
      if (status < 200 || status >= 300) throw refusal(`POST ${path}`, status, answer)
    },
    async download(path, signal) {
      const response = await request('GET', path, {}, null, signal)
      if (response.statusCode === 200) return response
      throw refusal(`GET ${path}`, response.statusCode ?? 0, await textOf(response))
    },
    close: () => agent.destroy(),
  }
}

/** At most 4 KB are kept: answers are short, and a wrong server must not fill our memory. */
async function textOf(response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of response) if (text.length < 4096) text += String(chunk)
  return text
}
