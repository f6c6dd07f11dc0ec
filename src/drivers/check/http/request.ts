/** One request with its redirects, on connections of its own, so that each run sees what a new caller sees. */
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http'
import { isIP } from 'node:net'
import { placeOf } from '../net.ts'
import type { RunContext } from '../port.ts'

// `node:http` as an ES module would load undici with it, and an agent is small (see data-plane/lean-http.ts)
const http = process.getBuiltinModule('node:http')
const https = process.getBuiltinModule('node:https')

export type Ask = { url: string; method: string; headers: Record<string, string>; send?: string | undefined; redirects: number; verify: boolean }
export type Answered = { status: number; headers: IncomingMessage['headers']; body: string; truncated: boolean; url: string }

const maxBodyBytes = 1024 * 1024

export async function request(ask: Ask, context: RunContext): Promise<Answered> {
  let { url, method, send, headers } = ask
  for (let hop = 0; ; hop++) {
    const response = await once({ ...ask, url, method, send, headers }, context)
    const { statusCode: status = 0, headers: answered } = response
    const to = status >= 300 && status < 400 && answered.location !== undefined && URL.canParse(answered.location, url) ? new URL(answered.location, url) : undefined
    if (to === undefined || ask.redirects === 0) return { status, headers: answered, url, ...(await bodyOf(response)) }
    response.destroy()
    if (hop >= ask.redirects) throw new Error(`more than ${ask.redirects} redirects, the last to ${to.href.slice(0, 200)}`)
    if (to.protocol !== 'http:' && to.protocol !== 'https:') throw new Error(`it redirects to ${to.protocol}, which is not HTTP`)
    // credentials are for the origin they were given for, and never go on in clear (Fetch, HTTP-redirect fetch)
    if (to.origin !== new URL(url).origin) headers = Object.fromEntries(Object.entries(headers).filter(([name]) => !/^(authorization|cookie|proxy-authorization)$/i.test(name)))
    if (status === 303 || ((status === 301 || status === 302) && method === 'POST')) [method, send] = [method === 'HEAD' ? 'HEAD' : 'GET', undefined]
    url = to.href
  }
}

async function once({ url, method, headers, send, verify }: Ask, context: RunContext): Promise<IncomingMessage> {
  const to = new URL(url)
  const tls = to.protocol === 'https:'
  const place = await placeOf(to.hostname, to.port === '' ? (tls ? 443 : 80) : Number(to.port), context)
  const name = to.hostname.replace(/^\[|\]$/g, '')
  const options: RequestOptions & { rejectUnauthorized?: boolean; servername?: string } = {
    host: place.address, port: place.port, method, path: to.pathname + to.search, agent: false, signal: context.signal,
    headers: { host: to.host, 'user-agent': 'nightshift-check', accept: '*/*', ...lowered(headers), ...(send === undefined ? {} : { 'content-length': Buffer.byteLength(send) }) },
    ...(tls ? { rejectUnauthorized: verify, servername: isIP(name) ? '' : name } : {}),
  }
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const call: ClientRequest = tls ? https.request(options) : http.request(options)
  call.on('response', resolve)
  call.on('error', reject)
  call.end(send)
  return promise
}

const lowered = (headers: Record<string, string>) => Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))

async function bodyOf(response: IncomingMessage): Promise<{ body: string; truncated: boolean }> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    size += chunk.length
    if (size >= maxBodyBytes) break
  }
  return { body: Buffer.concat(chunks).toString('utf8'), truncated: size >= maxBodyBytes }
}
