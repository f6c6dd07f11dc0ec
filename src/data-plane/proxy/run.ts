import { mkdirSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { messageOf } from '#base/errors.ts'
import { type ControlToProxy, type Endpoint, type ProxyToControl, type RouteTable, wireVersion } from '#contract/wire.ts'
import { bootId } from '../boot-id.ts'
import { type ControlClient, createControlClient } from '../control-client.ts'
import { type DnsServer, startDns } from '../dns/server.ts'
import { type Facts, type NewFact, openFacts } from '../facts.ts'
import { type Link, type LinkLog, openLink } from '../link.ts'
import { AccessLog } from './access-log.ts'
import { AgentSocket } from './agent-socket.ts'
import { Certificates } from './certificates.ts'
import { ClientConnection } from './client.ts'
import { Copies } from './copies.ts'
import { Edges } from './edges.ts'
import type { Entrance, Visitable } from './entrance.ts'
import { Fleet } from './fleet.ts'
import { defaultLimits, type Limits } from './limits.ts'
import { type Listener, listen } from './listener.ts'
import { Relay } from './relay.ts'
import { Routes } from './routes.ts'
import { SpanShipper } from './span-shipper.ts'
import { StateFile } from './state-file.ts'
import { Counters } from './target.ts'
import { listenTls } from './tls-listener.ts'
import { TrafficSpool } from './traffic.ts'

/**
 * The proxy process: ingress, edges and DNS of one machine.
 *
 * It serves from its first moment with the table and endpoints of its last one, whoever else is away; control and the
 * agent correct it when they come. Nothing it is told makes it drop a request that is under way.
 */
export type ProxyOptions = {
  home: string
  /** `http://127.0.0.1:7400`; null: alone, from what is on disk. */
  controlUrl: string | null
  /** The machine token. */
  token: string
  /** 0: any free port. */
  httpPort: number
  /** Default: all addresses, IPv6 included where the machine has it. */
  httpHost?: string
  httpsPort?: number | null
  dnsPort?: number | null
  dnsHost?: string
  machine?: string
  version?: string
  /** A trace that a client from outside brings goes on; otherwise it begins anew at the ingress. */
  trustTraces?: boolean
  /** A pino logger fits. */
  log?: { info(message: string): void; warn(message: string): void }
  limits?: Partial<Limits>
  trafficPeriodMs?: number
  spanPeriodMs?: number
}

export type Proxy = {
  httpPort: number
  httpsPort: number | null
  dnsPort: number | null
  ports: Record<string, number>
  /** Number of the table in force; 0: none yet. */
  generation(): number
  /** Takes nothing new, lets what is under way end (bounded), writes everything down. */
  close(): Promise<void>
}

const emptyTable: RouteTable = { generation: 0, services: {}, routes: [], edges: [], certificates: [] }

export async function runProxy(options: ProxyOptions): Promise<Proxy> {
  const log: LinkLog = (level, message) => options.log?.[level](message)
  const limits = { ...defaultLimits, ...options.limits }
  const folder = join(options.home, 'proxy')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const tableFile = new StateFile<RouteTable>(join(folder, 'routes.json'), log)
  const endpointsFile = new StateFile<{ boot: string; endpoints: Endpoint[] }>(join(folder, 'endpoints.json'), log)
  const boot = bootId() // after a boot the same port may be another app's

  const machine = options.machine ?? hostname().toLowerCase()
  const control: ControlClient | null = options.controlUrl === null ? null : createControlClient(options.controlUrl, options.token)
  const facts: Facts | null = control && (await openFacts({ file: join(folder, 'facts.ndjson'), machine, control, now: () => new Date(), log }))
  const note = (fact: NewFact) => facts?.note(fact)

  let agents: AgentSocket | undefined
  const fleet = new Fleet((message) => agents?.tell(message), limits, note)
  const counters = new Counters((app, environment, release) => fleet.hasElder(app, environment, release))
  const accessLog = new AccessLog({ path: join(folder, 'access.log'), log })
  const copies = new Copies(limits)
  const spans = control && new SpanShipper({ machine, control, log, ...(options.spanPeriodMs === undefined ? {} : { periodMs: options.spanPeriodMs }) })
  const relay = new Relay(fleet, limits, new Routes(emptyTable, fleet, counters, copies), accessLog, spans)
  const connections = new Set<Visitable>()
  const edges = new Edges(relay, counters, connections, note, log)
  const certificates = new Certificates()
  let table = emptyTable

  /** All that can fail comes before anything is switched: a table that cannot be used leaves the old one in force. */
  async function apply(next: RouteTable): Promise<void> {
    checkTable(next)
    const routes = new Routes(next, fleet, counters, copies)
    fleet.describe(next.services)
    relay.routes = routes
    copies.follow((place) => routes.keeps(place))
    table = next
    certificates.set(next.certificates, log)
    await edges.apply(next)
  }

  const saved = endpointsFile.read()
  if (saved?.boot === boot) fleet.hear({ t: 'endpoints', endpoints: saved.endpoints })
  const savedTable = tableFile.read()
  if (savedTable !== null) await apply(savedTable).catch((error: unknown) => log('warn', `the saved route table cannot be used: ${messageOf(error)}`))
  fleet.onChange = () => endpointsFile.save({ boot, endpoints: fleet.endpoints() })
  agents = await AgentSocket.open(join(options.home, 'run', 'proxy.sock'), (message) => fleet.hear(message), log)

  let httpsPort: number | null = null
  const trustTrace = options.trustTraces ?? false
  const common = { relay, edge: null, httpsPort: () => httpsPort, connections }
  const secure: Entrance = { ...common, rules: { secure: true, trustForwarded: false, trustTrace }, scheme: 'https', port: 0 }
  const plain: Entrance = { ...common, rules: { secure: false, trustForwarded: false, trustTrace }, scheme: 'http', port: 0 }
  const listeners: Listener[] = []
  if (options.httpsPort != null) {
    // Loaded on use: most of what HTTP/2 costs in memory is its code.
    const { Http2Connection } = await import('./h2.ts')
    const tls = await listenTls({ host: options.httpHost, port: options.httpsPort }, certificates, {
      http1: (socket) => void new ClientConnection(socket, secure),
      http2: (socket) => void new Http2Connection(socket, secure),
    })
    listeners.push(tls)
    secure.port = httpsPort = tls.port
  }
  const http = await listen({ host: options.httpHost, port: options.httpPort }, (socket) => void new ClientConnection(socket, plain))
  listeners.push(http)
  plain.port = http.port

  let dns: DnsServer | null = null
  if (options.dnsPort != null) dns = await openDns(options.dnsHost ?? '127.0.0.1', options.dnsPort, fleet, log)

  const spool = new TrafficSpool({
    folder: join(folder, 'traffic'),
    machine,
    control,
    ...(options.trafficPeriodMs === undefined ? {} : { periodMs: options.trafficPeriodMs }),
    log,
    take() {
      for (const report of relay.tunnels) report()
      return counters.take()
    },
    takeYoung: () => counters.takeYoung(),
  })
  const sweep = setInterval(() => {
    const now = performance.now()
    for (const connection of connections) connection.sweep(now)
    fleet.sweep(now, limits.upstreamIdleMs)
    void edges.beat()
  }, limits.sweepMs)
  const beat = setInterval(() => fleet.beat(performance.now()), limits.beatMs)

  let link: Link<ProxyToControl> | null = null
  if (options.controlUrl !== null) {
    link = openLink<ControlToProxy, ProxyToControl>({
      url: new URL('/internal/proxy', options.controlUrl).href,
      token: options.token,
      log,
      onOpen: () => link?.send({ t: 'hello', wireVersion, machine, generation: table.generation, httpPort: http.port, httpsPort }),
      onMessage(message) {
        if (message.t !== 'routes' || message.table.generation <= table.generation) return
        apply(message.table).then(
          () => tableFile.save(table),
          (error: unknown) => log('warn', `route table ${message.table.generation} cannot be used: ${messageOf(error)}`),
        )
      },
    })
  }

  let closing: Promise<void> | undefined
  const ports: Record<string, number> = { http: http.port }
  if (httpsPort !== null) ports['https'] = httpsPort
  if (dns !== null) ports['dns'] = dns.port
  log('info', `serving http on port ${http.port}${httpsPort === null ? '' : `, https on ${httpsPort}`}${dns === null ? '' : `, dns on ${dns.port}`}, route table ${table.generation}`)

  return {
    httpPort: http.port,
    httpsPort,
    dnsPort: dns?.port ?? null,
    ports,
    generation: () => table.generation,
    close: () => (closing ??= close()),
  }

  async function close(): Promise<void> {
    relay.closing = true
    edges.close()
    for (const listener of listeners) void listener.close()
    link?.close()
    for (const connection of connections) connection.closeGently()
    await settled(connections, limits.closeMs)
    for (const connection of connections) connection.destroy()
    clearInterval(sweep)
    clearInterval(beat)
    fleet.close()
    await Promise.all([dns?.close(), agents?.close(), spool.close(), spans?.close(), facts?.close(), accessLog.close(), tableFile.flush(), endpointsFile.flush()])
    control?.close()
  }
}

/** The shape, no more: what it says is control's business. Throws a TypeError. */
function checkTable({ services, routes, edges, certificates }: RouteTable): void {
  for (const target of Object.values(services)) if (!Array.isArray(target.instances)) throw new TypeError('a service without a list of instances')
  for (const { host, path, service } of routes) {
    if (typeof host !== 'string' || typeof path !== 'string' || typeof service !== 'string') throw new TypeError('a route without host, path or service')
  }
  for (const { to, listen: addresses } of edges) if (typeof to !== 'string' || !Array.isArray(addresses)) throw new TypeError('an edge without target or addresses')
  for (const { hosts } of certificates) if (!Array.isArray(hosts)) throw new TypeError('a certificate without hosts')
}

/** DNS is a convenience beside the ingress: without its port the proxy serves all the same, and says so. */
async function openDns(host: string, port: number, fleet: Fleet, log: LinkLog): Promise<DnsServer | null> {
  try {
    return await startDns({
      host,
      port,
      lookup: (app, environment, name) => {
        const service = fleet.known(app, environment, name)
        return service?.eligible.map((instance) => ({ id: instance.id, host: instance.host, port: instance.port })) ?? null
      },
    })
  } catch (error) {
    log('warn', `no DNS on ${host}:${port}: ${messageOf(error)} (names of .internal are not answered on this machine)`)
    return null
  }
}

/** Tunnels have no end to wait for. */
async function settled(connections: ReadonlySet<Visitable>, limitMs: number): Promise<void> {
  const end = performance.now() + limitMs
  while ([...connections].some((connection) => connection.busy()) && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 20))
}
