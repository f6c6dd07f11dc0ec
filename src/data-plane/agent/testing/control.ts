import { createReadStream } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { type WebSocket, WebSocketServer } from 'ws'
import type { CheckBatch } from '#contract/checks.ts'
import type { ScrapeBatch } from '#contract/scraping.ts'
import type { AgentToControl, ControlToAgent, Fact, InstanceSpec, LogBatch, LogEntry, ObservedInstance, StatBatch } from '#contract/wire.ts'

/** The other end of an agent's connection: says what is desired, stores what is sent, each line and fact once. */
export type ControlEnd = AsyncDisposable & {
  url: string
  token: string
  /** Stored lines by source, in order. */
  logs: Map<string, { batch: LogBatch; entries: LogEntry[]; position: number }>
  facts: Fact[]
  stats: StatBatch[]
  checks: CheckBatch[]
  scrapes: ScrapeBatch[]
  /** By digest. */
  plugins: Map<string, Buffer>
  messages: AgentToControl[]
  faults: string[]
  observed(): ObservedInstance[]
  instance(id: string): ObservedInstance | undefined
  desire(instances: InstanceSpec[]): void
  send(message: ControlToAgent): void
  connected(): boolean
  /** Refuses everything, as a control plane that is away, until told otherwise. */
  setAway(away: boolean): void
}

export async function controlEnd(options: { artifacts?: string } = {}): Promise<ControlEnd> {
  const token = 'a-machine-token'
  const logs: ControlEnd['logs'] = new Map()
  const facts = new Map<string, Fact>()
  const stats: StatBatch[] = []
  const checks: CheckBatch[] = []
  const scrapes: ScrapeBatch[] = []
  const plugins = new Map<string, Buffer>()
  const messages: AgentToControl[] = []
  const faults: string[] = []
  const sockets = new Set<WebSocket>()
  let desired = { generation: 0, instances: [] as InstanceSpec[] }
  let observed: ObservedInstance[] = []
  let isAway = false

  function storeLogs(batch: LogBatch) {
    if (batch.to - batch.from !== batch.entries.length) faults.push(`${batch.source}: ${batch.from}..${batch.to} with ${batch.entries.length} entries`)
    const known = logs.get(batch.source) ?? { batch, entries: [], position: 0 }
    logs.set(batch.source, known)
    if (batch.from > known.position + batch.dropped) faults.push(`${batch.source}: a gap from ${known.position} to ${batch.from}`)
    const skip = Math.max(0, known.position - batch.from)
    known.entries.push(...batch.entries.slice(skip))
    known.position = Math.max(known.position, batch.to)
  }

  function store(path: string, body: unknown) {
    if (path === '/internal/logs') storeLogs(body as LogBatch)
    else if (path === '/internal/facts') for (const fact of (body as { facts: Fact[] }).facts) facts.set(fact.id, facts.get(fact.id) ?? fact)
    else if (path === '/internal/checks') checks.push(body as CheckBatch)
    else if (path === '/internal/scrapes') scrapes.push(body as ScrapeBatch)
    else if (path === '/internal/stats') stats.push(body as StatBatch)
  }

  const server = createServer((request, response) => {
    void (async () => {
      if (isAway || request.headers.authorization !== `Bearer ${token}`) return void response.writeHead(isAway ? 503 : 401).end()
      const path = request.url ?? '/'
      const artifact = /^\/internal\/artifacts\/([0-9a-f]{64})$/.exec(path)
      if (artifact && options.artifacts) return void createReadStream(`${options.artifacts}/${artifact[1]}.tgz`).on('error', () => response.writeHead(404).end()).pipe(response)
      const plugin = plugins.get(path.replace('/internal/plugins/', ''))
      if (plugin) return void response.writeHead(200).end(plugin)
      if (request.method !== 'POST') return void response.writeHead(404).end()
      store(path, JSON.parse((await bodyOf(request)).toString('utf8')))
      response.writeHead(204).end()
    })()
  })
  const webSockets = new WebSocketServer({ noServer: true })
  server.on('upgrade', (request, socket, head) => {
    if (isAway || request.headers.authorization !== `Bearer ${token}` || request.url !== '/internal/agent') return void socket.destroy()
    webSockets.handleUpgrade(request, socket, head, (ws) => {
      sockets.add(ws)
      ws.on('close', () => sockets.delete(ws))
      ws.on('message', (data) => {
        const message = JSON.parse(String(data)) as AgentToControl
        messages.push(message)
        if (message.t === 'observed') observed = message.instances
      })
      if (desired.generation > 0) ws.send(JSON.stringify({ t: 'desired', state: desired } satisfies ControlToAgent))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  function send(message: ControlToAgent) {
    for (const ws of sockets) ws.send(JSON.stringify(message))
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token,
    logs,
    stats,
    checks,
    scrapes,
    plugins,
    messages,
    faults,
    get facts() {
      return [...facts.values()]
    },
    observed: () => observed,
    instance: (id) => observed.find((one) => one.id === id),
    desire(instances) {
      desired = { generation: desired.generation + 1, instances }
      send({ t: 'desired', state: desired })
    },
    send,
    connected: () => sockets.size > 0,
    setAway(away) {
      isAway = away
      if (away) for (const ws of sockets) ws.terminate()
    },
    async [Symbol.asyncDispose]() {
      for (const ws of sockets) ws.terminate()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const body = Buffer.concat(chunks)
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
}
