/**
 * A real HTTP server that answers as the contract says: each request is parsed by the contract's own schemas (a CLI that
 * sends what the API would refuse fails its test) and so is each answer (a test can't invent a shape). For tests only.
 */
import { type IncomingMessage, type Server as HttpServer, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { AppError, isAppError } from '#base/errors.ts'
import { type Answer, type EndpointId, type EndpointSpec, endpoints } from '#contract/endpoints.ts'

type Asked = { params: Record<string, unknown>; query: Record<string, unknown>; body: unknown; upload: Buffer; lastEventId: string | undefined; headers: IncomingMessage['headers'] }
/** An event with the id it carries on the wire. */
export type Sent<T> = { id?: string; data: T }
/** A stream: events, and at the end `break` to cut the connection instead of ending it. */
type Streamed<T> = AsyncIterable<Sent<T> | 'break'>

type Handler<K extends EndpointId> = (asked: Asked) => Answer<K> | Promise<Answer<K>> | Streamed<Answer<K>>
export type Handlers = { [K in EndpointId]?: Handler<K> }

export type TestApi = {
  url: string
  port: number
  token: string
  /** Every request that was answered, in order. */
  asked: (Asked & { id: EndpointId })[]
  handlers: Handlers
  /** Called with each terminal that is attached to; `path` is what terminals.open answered. */
  onTerminal: (socket: WebSocket, path: string) => void
  env: Record<string, string>
  [Symbol.asyncDispose](): Promise<void>
}

export async function startTestApi(handlers: Handlers = {}, port = 0): Promise<TestApi> {
  const server = createServer()
  const sockets = new WebSocketServer({ noServer: true })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const listening = (server.address() as AddressInfo).port
  const url = `http://127.0.0.1:${listening}`
  const token = 'nst_test-token'
  const api: TestApi = {
    url,
    port: listening,
    token,
    asked: [],
    handlers,
    onTerminal: (socket) => socket.close(),
    env: { NIGHTSHIFT_URL: url, NIGHTSHIFT_TOKEN: token },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets.clients) socket.terminate()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  server.on('request', (request, response) => void answer(api, request, response))
  listenForTerminals(server, sockets, api)
  return api
}

function listenForTerminals(server: HttpServer, sockets: WebSocketServer, api: TestApi): void {
  server.on('upgrade', (request, socket, head) => {
    if (request.headers.authorization !== `Bearer ${api.token}`) return void socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n')
    sockets.handleUpgrade(request, socket, head, (terminal) => api.onTerminal(terminal, request.url ?? ''))
  })
}

async function answer(api: TestApi, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const found = findEndpoint(request)
    if (found === undefined) throw new AppError('not-found', `no endpoint ${request.method} ${request.url}`)
    const { id, spec, params, search } = found
    if (spec.access !== 'public' && request.headers.authorization !== `Bearer ${api.token}`) throw new AppError('unauthenticated', 'this token opens nothing')
    const bytes = await bodyOf(request)
    const asked: Asked = {
      params: parse(spec.params, params),
      query: parse(spec.query, Object.fromEntries(search)),
      body: spec.body === undefined ? undefined : spec.body.parse(JSON.parse(bytes.toString('utf8'))),
      upload: bytes,
      lastEventId: request.headers['last-event-id'] as string | undefined,
      headers: request.headers,
    }
    api.asked.push({ id, ...asked })
    const handler = api.handlers[id] as ((asked: Asked) => unknown) | undefined
    if (handler === undefined) throw new AppError('internal', `this test has no answer for ${id}`)
    const result = await handler(asked)
    if (spec.stream === true) return await sendStream(spec, result as Streamed<unknown>, response)
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(spec.response.parse(result)))
  } catch (error) {
    sendProblem(response, error)
  }
}

function sendProblem(response: ServerResponse, error: unknown): void {
  const status = { invalid: 400, unauthenticated: 401, forbidden: 403, 'not-found': 404, conflict: 409, stale: 409, limited: 429, unavailable: 503, internal: 500 }
  const code = isAppError(error) ? error.code : 'internal'
  if (response.headersSent) return void response.destroy()
  response.statusCode = status[code]
  response.setHeader('content-type', 'application/problem+json')
  response.end(JSON.stringify({ code, detail: error instanceof Error ? error.message : String(error), fields: isAppError(error) ? error.fields : [] }))
}

async function sendStream(spec: EndpointSpec, events: Streamed<unknown>, response: ServerResponse): Promise<void> {
  response.setHeader('content-type', 'text/event-stream')
  response.flushHeaders()
  for await (const event of events) {
    if (event === 'break') return void response.destroy()
    await new Promise((sent) => response.write(`${event.id === undefined ? '' : `id: ${event.id}\n`}data: ${JSON.stringify(spec.response.parse(event.data))}\n\n`, sent))
  }
  response.end()
}

function findEndpoint(request: IncomingMessage): { id: EndpointId; spec: EndpointSpec; params: Record<string, string>; search: URLSearchParams } | undefined {
  const url = new URL(request.url ?? '/', 'http://api')
  for (const [id, spec] of Object.entries(endpoints) as [EndpointId, EndpointSpec][]) {
    if (spec.method !== request.method) continue
    const names = [...spec.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] as string)
    const match = new RegExp(`^${spec.path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '([^/]+)')}$`).exec(url.pathname)
    if (match !== null) return { id, spec, params: Object.fromEntries(names.map((name, index) => [name, decodeURIComponent(match[index + 1] as string)])), search: url.searchParams }
  }
  return undefined
}

function parse(schema: EndpointSpec['params'], value: Record<string, string>): Record<string, unknown> {
  if (schema === undefined) return {}
  const parsed = schema.strict().safeParse(value)
  if (parsed.success) return parsed.data
  throw new AppError('invalid', 'the request is not what the contract says', { fields: parsed.error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message })) })
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
