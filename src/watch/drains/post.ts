/** Posting a batch over HTTP, compressed, with one connection kept: what all that is sent on by HTTP has in common. */
import { type Agent, type ClientRequest, type IncomingMessage, request as requestPlain, Agent as PlainAgent } from 'node:http'
import { Agent as TlsAgent, request as requestTls } from 'node:https'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { isAppError } from '#base/errors.ts'
import { networkWords } from '#base/network-words.ts'
import { assertPublicHost, publicLookup } from '#base/public-address.ts'
import { DeliveryError, type Target } from './port.ts'

const compress = promisify(gzip)
const timeoutMs = 15_000
const maxAnswerChars = 200
/** Of a whole exchange: a receiver that says a byte now and then must not hold the drain. */
const longestMs = 60_000
const maxAnswerBytes = 64 * 1024

export type Post = { post(body: string | Uint8Array, contentType: string, signal: AbortSignal): Promise<void>; close(): void }

export type PostOptions = {
  withinMs?: number
  coding?: { name: string; encode(body: string | Uint8Array): Uint8Array | Promise<Uint8Array> }
  /** Of the protocol; no header that people give goes before them. */
  fixed?: Readonly<Record<string, string>>
  verdictOf?: (status: number) => DeliveryError['verdict']
}

const gzipped = { name: 'gzip', encode: (body: string | Uint8Array) => compress(body) }

/** @param url  http or https; a user and password in it become an Authorization header */
export function openPost({ headers, ca, anyAddress }: Target, url: URL, { withinMs = longestMs, coding = gzipped, fixed = {}, verdictOf = verdictOfStatus }: PostOptions = {}): Post {
  const isTls = url.protocol === 'https:'
  const guard = anyAddress ? {} : { lookup: publicLookup }
  const agent: Agent = isTls ? new TlsAgent({ keepAlive: true, maxSockets: 1, ...(ca === undefined ? {} : { ca }), ...guard }) : new PlainAgent({ keepAlive: true, maxSockets: 1, ...guard })
  const account = url.username === '' ? {} : { authorization: `Basic ${Buffer.from(`${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`).toString('base64')}` }
  const to = new URL(url)
  to.username = to.password = ''

  function exchange(body: Uint8Array, contentType: string, signal: AbortSignal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const options = { method: 'POST', agent, signal, timeout: timeoutMs, headers: { 'user-agent': 'nightshift', ...account, ...headers, ...fixed, 'content-type': contentType, 'content-encoding': coding.name, 'content-length': body.length } }
      const call: ClientRequest = isTls ? requestTls(to, options) : requestPlain(to, options)
      call.on('response', resolve)
      call.on('timeout', () => call.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)))
      call.on('error', reject)
      call.end(body)
    })
  }

  return {
    async post(body, contentType, signal) {
      const within = AbortSignal.any([signal, AbortSignal.timeout(withinMs)])
      try {
        if (!anyAddress) assertPublicHost(to.hostname)
        const answer = await exchange(await coding.encode(body), contentType, within)
        const text = await textOf(answer)
        const status = answer.statusCode ?? 0
        if (status < 200 || status > 299) throw new DeliveryError(`it answered ${status}${text === '' ? '' : `: ${text}`}`, verdictOf(status), { retryAfterMs: retryAfterMs(answer.headers['retry-after']) })
      } catch (error) {
        signal.throwIfAborted()
        if (error instanceof DeliveryError) throw error
        throw new DeliveryError(within.aborted ? `no whole answer within ${withinMs / 1000} s` : networkWords(error, to.host), 'again', { cause: error, retryAfterMs: isAppError(error) ? 60_000 : 0 })
      }
    },
    close: () => agent.destroy(),
  }
}

/** What is wrong with the account or the address can be mended there; what is wrong with the lines cannot. */
function verdictOfStatus(status: number): DeliveryError['verdict'] {
  return status === 413 ? 'smaller' : status === 400 || status === 422 ? 'never' : 'again'
}

function retryAfterMs(header: string | undefined): number {
  const seconds = Number(header)
  return header !== undefined && Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), 3600) * 1000 : 0
}

/** The start of an answer, on one line: it is shown to people. */
async function textOf(answer: IncomingMessage): Promise<string> {
  let text = ''
  let size = 0
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    if (text.length < maxAnswerChars) text += String(chunk)
    size += chunk.length
    if (size > maxAnswerBytes) break
  }
  return text.replace(/[^\x20-\x7e]+/g, ' ').trim().slice(0, maxAnswerChars)
}
