/**
 * Where agents and proxies connect: one WebSocket each, with the machine token. Control tells them what is wanted as
 * soon as it changes, and takes what they see. Holds connections and nothing else: after a restart everything is read
 * again from the database and told again.
 */
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Actor } from '#contract/model.ts'
import { machineName } from '#contract/names.ts'
import { type AgentToControl, type ControlToAgent, type MachineFacts, type ProxyToControl, wireVersion } from '#contract/wire.ts'
import type { Bell } from '#kernel/bell.ts'
import type { Database } from '#kernel/db/db.ts'
import { record } from '#kernel/journal.ts'
import type { Logger } from '#kernel/log.ts'
import { type Loop, startLoop } from '#kernel/loop.ts'
import { type FleetDeps, desiredInstances, desiredRoutes } from '#run/fleet/desired.ts'
import { markGone, storeObservations } from '#run/instances/commands.ts'
import { connectedMachines } from '#run/machines/read.ts'
import { databaseTime, nextGeneration, noteConnected, noteLost, noteSeen, raiseGeneration } from '#run/machines/commands.ts'
import { bearerOf } from '#surfaces/api/credentials.ts'

type Kind = 'machine' | 'proxy'

type AgentLink = {
  socket: WebSocket
  /** Rises with each connection. */
  arrived: number
  facts: MachineFacts
  /** What was sent last, and when its rows were read: retired instances of that time are out of it. */
  sent: { hash: string; generation: number; readAt: Date } | undefined
}
type ProxyLink = { socket: WebSocket; arrived: number; machine: string; httpPort: number; httpsPort: number | null; sentHash: string | undefined }

export type SessionListener = (message: Extract<AgentToControl, { t: `session.${string}` }> | { t: 'lost' }) => void

export type Gateway = {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
  /** The machine that takes new instances. */
  placement(): { machine: string; ownAddresses: boolean } | null
  facts(machine: string): MachineFacts | undefined
  agents(): MachineFacts[]
  proxies(): { machine: string; httpPort: number; httpsPort: number | null }[]
  /** False if the machine is not connected, and nothing was sent. */
  send(machine: string, message: ControlToAgent): boolean
  onSession(machine: string, session: string, listener: SessionListener): () => void
  start(): Loop
  close(): void
}

const agentActor = (machine: string): Actor => ({ kind: 'agent', name: machine })
/** A process that restarts is back within this time; only a longer absence is news. */
const lostAfterMs = 10_000
const heartbeatMs = 15_000

export function openGateway(deps: { db: Database; fleet: FleetDeps; isMachine: (token: string) => boolean; changed: Bell; log: Logger; onTested?: (message: Extract<AgentToControl, { t: 'check.tested' }>) => void }): Gateway {
  const { db, log } = deps
  const server = new WebSocketServer({ noServer: true, maxPayload: 16 * 1024 * 1024 })
  const agents = new Map<string, AgentLink>()
  const proxies = new Map<string, ProxyLink>()
  const sessions = new Map<string, { machine: string; listener: SessionListener }>()
  /** Since when; by `kind:machine`. */
  const away = new Map<string, { kind: Kind; machine: string; since: number }>()
  let arrivals = 0
  let loop: Loop | undefined

  /** Tells everybody what changed for them. Idempotent: unchanged content is not sent again. */
  async function push(): Promise<string[]> {
    const told: string[] = []
    for (const [machine, link] of agents) {
      const readAt = await databaseTime(db)
      const instances = await db.snapshot((tx) => desiredInstances({ ...deps.fleet, db: tx }, machine))
      const hash = hashOf(instances)
      if (link.sent?.hash === hash) {
        link.sent.readAt = readAt
        continue
      }
      const generation = await nextGeneration(db)
      link.sent = { hash, generation, readAt }
      link.socket.send(JSON.stringify({ t: 'desired', state: { generation, instances } } satisfies ControlToAgent))
      told.push(`told agent ${machine} to run ${instances.length} instances`)
    }
    if (proxies.size === 0) return told
    const routes = await db.snapshot((tx) => desiredRoutes({ ...deps.fleet, db: tx }))
    const hash = hashOf(routes)
    const behind = [...proxies.values()].filter((link) => link.sentHash !== hash)
    if (behind.length === 0) return told
    const table = { generation: await nextGeneration(db), ...routes }
    for (const link of behind) {
      link.sentHash = hash
      link.socket.send(JSON.stringify({ t: 'routes', table }))
      told.push(`told proxy ${link.machine} ${table.routes.length} routes`)
    }
    return told
  }

  async function onAgent(link: AgentLink, message: AgentToControl): Promise<void> {
    if (message.t === 'check.tested') return deps.onTested?.(message)
    if (message.t === 'clock') return link.socket.send(JSON.stringify({ t: 'clock', asked: message.asked, atMs: Date.now() } satisfies ControlToAgent))
    if (message.t !== 'observed') {
      if (message.t.startsWith('session.')) sessions.get((message as { session: string }).session)?.listener(message as never)
      return
    }
    const { machine } = link.facts
    const now = new Date()
    const changed = await storeObservations(db, machine, message.instances)
    // only once the agent has the newest word may silence about an instance count as "it is gone"
    const gone = link.sent !== undefined && message.desiredGeneration >= link.sent.generation
      ? await markGone(db, machine, message.instances.map((instance) => instance.id), link.sent.readAt, now) : []
    await noteSeen(db, machine, now)
    if (changed.length > 0 || gone.length > 0) deps.changed.ring()
  }

  async function connected(kind: Kind, machine: string, facts: MachineFacts | null): Promise<void> {
    const now = new Date()
    const wasAway = away.delete(`${kind}:${machine}`)
    await db.transaction(async (tx) => {
      if (facts) await noteConnected(tx, { ...facts, machine }, now)
      if (!wasAway) await record(tx, { at: now, kind: `${kind}.connected`, actor: agentActor(machine), machine, summary: kind === 'machine' ? `the agent of ${machine} connected` : `the proxy of ${machine} connected`, data: facts ? { driver: facts.driver } : {} })
    })
  }

  const disconnected = (kind: Kind, machine: string) => void away.set(`${kind}:${machine}`, { kind, machine, since: Date.now() })

  /** What has been away for longer than a restart takes is lost: also a machine whose end no control has seen. */
  async function noteLosses(): Promise<string[]> {
    for (const machine of await connectedMachines(db)) if (!agents.has(machine) && !away.has(`machine:${machine}`)) disconnected('machine', machine)
    const told: string[] = []
    for (const [key, { kind, machine, since }] of away) {
      if (Date.now() - since < lostAfterMs) continue
      away.delete(key)
      await db.transaction(async (tx) => {
        if (kind === 'machine') await noteLost(tx, machine)
        await record(tx, { at: new Date(), kind: `${kind}.lost`, actor: { kind: 'system', name: 'control' }, machine, summary: kind === 'machine' ? `the agent of ${machine} is away; what it runs goes on` : `the proxy of ${machine} is away from control`, data: {} })
      })
      told.push(`${kind} ${machine} is lost`)
    }
    return told
  }

  /** Messages of one connection are handled in order; a broken one ends the connection, and the peer comes again. */
  function attach(socket: WebSocket, onMessage: (message: unknown) => Promise<void>, onClose: () => void): void {
    let chain = Promise.resolve()
    let isAlive = true
    const heartbeat = setInterval(() => {
      if (!isAlive) return socket.terminate() // no pong since the last ping: its machine may have lost power
      isAlive = false
      socket.ping()
    }, heartbeatMs)
    socket.on('pong', () => void (isAlive = true))
    socket.on('message', (data) => {
      chain = chain
        .then(() => onMessage(JSON.parse(data.toString('utf8'))))
        .catch((error: unknown) => {
          log.warn({ err: error }, 'a message of the data plane could not be handled')
          socket.close(1011, 'could not be handled')
        })
    })
    socket.on('error', (error) => log.warn({ err: error }, 'data plane connection'))
    socket.on('close', () => {
      clearInterval(heartbeat)
      onClose()
    })
  }

  /** Registered in the same tick in which it is seen to be open, after all that has to be awaited: no closed or older one takes the place of a living one. */
  function acceptAgent(socket: WebSocket): void {
    const arrived = ++arrivals
    let link: AgentLink | undefined
    attach(socket, async (raw) => {
      const message = raw as AgentToControl
      if (message.t === 'hello') {
        const machine = machineName.parse(message.facts.machine)
        if (message.wireVersion !== wireVersion) return socket.close(1002, `control speaks wire version ${wireVersion}`)
        await raiseGeneration(db, message.desiredGeneration)
        const before = agents.get(machine)
        if (socket.readyState !== socket.OPEN || (before !== undefined && before.arrived > arrived)) return socket.close(1000, 'a newer connection is here')
        before?.socket.close(1000, 'replaced by a newer connection')
        link = { socket, arrived, facts: message.facts, sent: undefined }
        agents.set(machine, link)
        await connected('machine', machine, message.facts)
        loop?.wake()
        deps.changed.ring()
      } else if (link) await onAgent(link, message)
    }, () => {
      if (!link || agents.get(link.facts.machine) !== link) return
      agents.delete(link.facts.machine)
      for (const { machine, listener } of sessions.values()) if (machine === link.facts.machine) listener({ t: 'lost' })
      disconnected('machine', link.facts.machine)
    })
  }

  function acceptProxy(socket: WebSocket): void {
    const arrived = ++arrivals
    let link: ProxyLink | undefined
    attach(socket, async (raw) => {
      const message = raw as ProxyToControl
      if (message.t !== 'hello') return
      const machine = machineName.parse(message.machine)
      if (message.wireVersion !== wireVersion) return socket.close(1002, `control speaks wire version ${wireVersion}`)
      await raiseGeneration(db, message.generation)
      const before = proxies.get(machine)
      if (socket.readyState !== socket.OPEN || (before !== undefined && before.arrived > arrived)) return socket.close(1000, 'a newer connection is here')
      before?.socket.close(1000, 'replaced by a newer connection')
      link = { socket, arrived, machine, httpPort: message.httpPort, httpsPort: message.httpsPort, sentHash: undefined }
      proxies.set(machine, link)
      await connected('proxy', machine, null)
      loop?.wake()
    }, () => {
      if (!link || proxies.get(link.machine) !== link) return
      proxies.delete(link.machine)
      disconnected('proxy', link.machine)
    })
  }

  return {
    upgrade(request, socket, head) {
      const path = (request.url ?? '').split('?')[0]
      if (path !== '/internal/agent' && path !== '/internal/proxy') return false
      const token = bearerOf(request)
      if (token === undefined || !deps.isMachine(token)) {
        socket.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
        return true
      }
      server.handleUpgrade(request, socket, head, path === '/internal/agent' ? acceptAgent : acceptProxy)
      return true
    },
    placement() {
      const first = [...agents.keys()].sort()[0]
      const link = first === undefined ? undefined : agents.get(first)
      return link ? { machine: link.facts.machine, ownAddresses: link.facts.ownAddresses } : null
    },
    facts: (machine) => agents.get(machine)?.facts,
    agents: () => [...agents.values()].map((link) => link.facts),
    proxies: () => [...proxies.values()].map(({ machine, httpPort, httpsPort }) => ({ machine, httpPort, httpsPort })),
    send(machine, message) {
      const link = agents.get(machine)
      if (!link || link.socket.readyState !== link.socket.OPEN) return false
      link.socket.send(JSON.stringify(message))
      return true
    },
    onSession(machine, session, listener) {
      sessions.set(session, { machine, listener })
      return () => void sessions.delete(session)
    },
    start() {
      loop = startLoop({
        name: 'fleet',
        periodMs: 5000,
        turn: async () => ({ actions: [...(await push()), ...(await noteLosses())], waiting: agents.size === 0 ? ['no agent is connected'] : [] }),
        onError: (error) => log.error({ err: error }, 'fleet turn failed'),
      })
      return loop
    },
    close() {
      for (const link of [...agents.values(), ...proxies.values()]) link.socket.close(1001, 'control is stopping')
      server.close()
    },
  }
}

function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex')
}
