/** For tests only: a proxy on port 0 with a control and an agent beside it, all over real sockets. */
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { WebSocketServer } from 'ws'
import { LineSplitter } from '#base/lines.ts'
import type { AgentToProxy, Certificate, Edge, Endpoint, Fact, FactBatch, ProxyToAgent, ProxyToControl, Route, RouteTable, SpanBatch, ServiceTarget, TrafficBatch } from '#contract/wire.ts'
import { freePort } from '#test/harness/port.ts'
import { until as waitUntil } from '#test/harness/wait.ts'
import { type Proxy, type ProxyOptions, runProxy } from './run.ts'

export { freePort }

/** Looks often: what a proxy does takes a millisecond. */
export async function until(check: () => boolean, what = 'the state waited for'): Promise<void> {
  await waitUntil(check, { because: what, everyMs: 3 })
}

/** Control's side of the wire: hands out tables, collects hellos, traffic and facts. */
export async function startControl(port = 0) {
  const traffic: TrafficBatch[] = []
  const facts: Fact[] = []
  const spans: SpanBatch[] = []
  const hellos: ProxyToControl[] = []
  let table: RouteTable | null = null
  const server = createHttpServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const sent = Buffer.concat(chunks)
      const body: unknown = request.headers.authorization === 'Bearer token' ? JSON.parse(String(request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent)) : null
      if (request.url === '/internal/traffic') traffic.push(body as TrafficBatch)
      else if (request.url === '/internal/facts') facts.push(...(body as FactBatch).facts)
      else if (request.url === '/internal/spans') spans.push(body as SpanBatch)
      response.end()
    })
  })
  const sockets = new WebSocketServer({ server, path: '/internal/proxy' })
  sockets.on('connection', (socket) => {
    socket.on('message', (data) => hellos.push(JSON.parse(String(data))))
    if (table !== null) socket.send(JSON.stringify({ t: 'routes', table }))
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    traffic,
    facts,
    spans,
    hellos,
    push(next: RouteTable) {
      table = next
      for (const client of sockets.clients) client.send(JSON.stringify({ t: 'routes', table: next }))
    },
    async close() {
      for (const client of sockets.clients) client.terminate()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The agent's side of the Unix socket. */
export async function startAgent(home: string) {
  const socket = connect(join(home, 'run', 'proxy.sock'))
  await once(socket, 'connect')
  const heard: ProxyToAgent[] = []
  const lines = new LineSplitter()
  socket.on('data', (chunk: Buffer) => {
    for (const line of lines.push(chunk)) heard.push(JSON.parse(line))
  })
  let marks = 0
  return {
    heard,
    /** Everything said before is in force: lines are taken in order, and this one is answered. */
    async settled() {
      const instance = `ins_mark${++marks}`
      socket.write(`${JSON.stringify({ t: 'drain', instance } satisfies AgentToProxy)}\n`)
      const mark = () => heard.findIndex((message) => message.instance === instance)
      await until(() => mark() !== -1, 'the agent’s words to be taken')
      heard.splice(mark(), 1)
    },
    say: (message: AgentToProxy) => void socket.write(`${JSON.stringify(message)}\n`),
    raw: (text: string) => void socket.write(text),
    close: () => void socket.destroy(),
  }
}

export type Shape = {
  /** Service → its backends' ports, an instance each; `null` for a service without instances. */
  services: Record<string, number[]>
  stopped?: string[]
  protocols?: Record<string, 'http' | 'tcp'>
  routes?: Partial<Route>[]
  edges?: Edge[]
  certificates?: Certificate[]
  /** What differs from a plain target, by service. */
  targets?: Record<string, Partial<ServiceTarget>>
  /** Release of each instance, by service; 1 where it is not given. */
  releases?: Record<string, number[]>
}

export const keyOf = (service: string) => `shop/production/${service}`
export const instanceOf = (service: string, index: number) => `ins_${service}${index}`

/** Every service of `shape` gets the host `<service>.localhost`, unless routes are given. */
export function tableOf(generation: number, shape: Shape): RouteTable {
  const services: Record<string, ServiceTarget> = {}
  for (const [service, ports] of Object.entries(shape.services)) {
    services[keyOf(service)] = {
      app: 'shop',
      environment: 'production',
      service,
      protocol: shape.protocols?.[service] ?? 'http',
      instances: ports.map((_, index) => instanceOf(service, index)),
      expected: !shape.stopped?.includes(service),
      timeoutMs: null,
      staleIfErrorMs: null,
      split: null,
      ...shape.targets?.[service],
    }
  }
  const routes = shape.routes ?? Object.keys(shape.services).map((service) => ({ host: `${service}.localhost`, service: keyOf(service) }))
  return {
    generation,
    services,
    routes: routes.map((route, index) => ({ id: `r${index}`, host: 'web.localhost', path: '/', service: keyOf('web'), httpsOnly: false, ...route })),
    edges: shape.edges ?? [],
    certificates: shape.certificates ?? [],
  }
}

export function endpointsOf(shape: Shape): Endpoint[] {
  return Object.entries(shape.services).flatMap(([service, ports]) =>
    ports.map((port, index) => ({ instance: instanceOf(service, index), name: `${service}.${index}`, service: keyOf(service), release: shape.releases?.[service]?.[index] ?? 1, host: '127.0.0.1', port, state: 'ready' as const })),
  )
}

export type Rig = {
  proxy: Proxy
  home: string
  control: Awaited<ReturnType<typeof startControl>>
  agent: Awaited<ReturnType<typeof startAgent>>
  port: number
  warnings: string[]
  /** A new table, in force when it resolves. */
  table(shape: Shape): Promise<void>
  accessLog(): Promise<Record<string, unknown>[]>
  [Symbol.asyncDispose](): Promise<void>
}

/** A proxy that serves `shape` with every instance ready. */
export async function startRig(shape: Shape, options: Partial<ProxyOptions> = {}): Promise<Rig> {
  const home = options.home ?? mkdtempSync(join(tmpdir(), 'nightshift-proxy-'))
  const control = await startControl()
  const warnings: string[] = []
  const proxy = await runProxy({
    home,
    controlUrl: control.url,
    token: 'token',
    httpPort: 0,
    httpHost: '127.0.0.1',
    log: { info: () => {}, warn: (message) => warnings.push(message) },
    ...options,
    limits: { sweepMs: 20, closeMs: 300, ...options.limits },
  })
  const agent = await startAgent(home)
  let generation = proxy.generation()
  const rig: Rig = {
    proxy,
    home,
    control,
    agent,
    port: proxy.httpPort,
    warnings,
    async table(next) {
      control.push(tableOf(++generation, next))
      await until(() => proxy.generation() === generation, `table ${generation}`)
    },
    async accessLog() {
      const path = join(home, 'proxy', 'access.log')
      await new Promise((resolve) => setTimeout(resolve, 250))
      return readFileSync(path, 'utf8').trim().split('\n').filter(Boolean).map((line) => JSON.parse(line))
    },
    async [Symbol.asyncDispose]() {
      agent.close()
      await proxy.close()
      await control.close()
      if (options.home === undefined) rmSync(home, { recursive: true, force: true })
    },
  }
  const endpoints = endpointsOf(shape)
  agent.say({ t: 'endpoints', endpoints })
  await rig.table(shape)
  await agent.settled()
  return rig
}

export type Backend = { port: number; close(): Promise<void>; [Symbol.asyncDispose](): Promise<void> }

/** An app on node:http. */
export async function startApp(handler: RequestListener, setUp: (server: ReturnType<typeof createHttpServer>) => void = () => {}): Promise<Backend> {
  const server = createHttpServer(handler)
  setUp(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = async () => {
    server.closeAllConnections()
    if (server.listening) await new Promise((resolve) => server.close(resolve))
  }
  return { port: (server.address() as AddressInfo).port, close, [Symbol.asyncDispose]: close }
}

/** An app that is nothing but sockets; `received` is all that ever came. */
export async function startRawApp(onConnection: (socket: Socket) => void): Promise<Backend & { received(): string; connections: Socket[]; server: Server }> {
  let received = ''
  const connections: Socket[] = []
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    connections.push(socket)
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1')
    })
    onConnection(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = async () => {
    for (const socket of connections) socket.destroy()
    if (server.listening) await new Promise((resolve) => server.close(resolve))
  }
  return { port: (server.address() as AddressInfo).port, received: () => received, connections, server, close, [Symbol.asyncDispose]: close }
}

/** Answers every head that arrives (bodies are ignored) with the same bytes. */
export function answering(response: string): (socket: Socket) => void {
  return (socket) => {
    let buffered = ''
    socket.on('data', (chunk: Buffer) => {
      buffered += chunk.toString('latin1')
      for (let end = buffered.indexOf('\r\n\r\n'); end !== -1; end = buffered.indexOf('\r\n\r\n')) {
        buffered = buffered.slice(end + 4)
        socket.write(response, 'latin1')
      }
    })
  }
}

export type RawResponse = { status: number; head: string; body: string; header(name: string): string | undefined }

/** A client that writes bytes and reads responses; knows just enough framing to tell them apart. */
export class RawClient {
  readonly socket: Socket
  received = ''
  ended = false
  closed = false

  constructor(port: number, socket?: Socket) {
    this.socket = socket ?? connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    this.socket.on('data', (chunk: Buffer) => {
      this.received += chunk.toString('latin1')
    })
    this.socket.on('end', () => {
      this.ended = true
    })
    this.socket.on('error', () => {})
    this.socket.on('close', () => {
      this.closed = true
    })
  }

  send(bytes: string | Buffer): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  }

  /** The next whole response; 1xx count as responses. Close-delimited ones end with the connection. */
  async response(method = 'GET'): Promise<RawResponse> {
    let found: RawResponse | null = null
    await until(() => (found = this.#take(method)) !== null, `a response (so far: ${JSON.stringify(this.received.slice(0, 200))})`)
    return found as unknown as RawResponse
  }

  async end(): Promise<void> {
    await until(() => this.ended || this.closed, 'the end of the connection')
  }

  close(): void {
    this.socket.destroy()
  }

  #take(method: string): RawResponse | null {
    const headEnd = this.received.indexOf('\r\n\r\n')
    if (headEnd === -1) return null
    const head = this.received.slice(0, headEnd)
    const status = Number(head.slice(9, 12))
    const header = (name: string) => new RegExp(`^${name}: *(.*)$`, 'im').exec(head)?.[1]?.trim()
    const start = headEnd + 4
    const rest = this.received.slice(start)
    let body: string
    let used: number
    if (method === 'HEAD' || status < 200 || status === 204 || status === 304) {
      body = ''
      used = 0
    } else if (header('transfer-encoding') === 'chunked') {
      const match = /^([0-9a-f]+\r\n(?:[\s\S])*?)?0\r\n(?:[^\r\n]+\r\n)*\r\n/i.exec(rest)
      if (match === null) return null
      body = match[0]
      used = body.length
    } else if (header('content-length') !== undefined) {
      used = Number(header('content-length'))
      if (rest.length < used) return null
      body = rest.slice(0, used)
    } else {
      if (!this.ended) return null
      body = rest
      used = rest.length
    }
    this.received = this.received.slice(start + used)
    return { status, head, body, header }
  }
}

/** One GET on a connection of its own; null when there is no answer to be had. */
export async function bodyOf(port: number, host = 'web.localhost'): Promise<string | null> {
  const client = new RawClient(port)
  client.send(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
  await client.end()
  client.close()
  const headEnd = client.received.indexOf('\r\n\r\n')
  return headEnd === -1 ? null : client.received.slice(headEnd + 4)
}
