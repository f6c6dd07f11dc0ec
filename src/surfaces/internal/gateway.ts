/**
 * Where agents and proxies connect: one WebSocket each, with the machine token. Control tells them what is wanted as
 * soon as it changes, and takes what they see. Holds connections and nothing else: after a restart everything is read
 * again from the database and told again.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { machineName } from '#contract/names.ts'
import { type AgentToControl, type ControlToAgent, type MachineFacts, type ProxyToControl, wireVersion } from '#contract/wire.ts'
import type { Bell } from '#kernel/bell.ts'
import type { Database } from '#kernel/db/db.ts'
import type { Logger } from '#kernel/log.ts'
import { type Loop, startLoop } from '#kernel/loop.ts'
import type { FleetDeps } from '#run/fleet/desired.ts'
import { markGone, storeObservations } from '#run/instances/commands.ts'
import { noteSeen, raiseGeneration } from '#run/machines/commands.ts'
import { bearerOf } from '#surfaces/api/credentials.ts'
import { listen } from './connection.ts'
import { type AgentLink, Links, type ProxyLink, sendTo } from './links.ts'
import { openPresence, type Presence } from './presence.ts'
import { tellAgents, tellProxies } from './tell.ts'

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

export type GatewayDeps = {
  db: Database
  fleet: FleetDeps
  isMachine(token: string): boolean
  changed: Bell
  log: Logger
  onTested?(message: Extract<AgentToControl, { t: 'check.tested' }>): void
}

/** What the gateway knows while it runs. */
type State = {
  deps: GatewayDeps
  agents: Links<AgentLink>
  proxies: Links<ProxyLink>
  sessions: Map<string, { machine: string; listener: SessionListener }>
  presence: Presence
  arrivals: number
  loop: Loop | undefined
}

export function openGateway(deps: GatewayDeps): Gateway {
  const server = new WebSocketServer({ noServer: true, maxPayload: 16 * 1024 * 1024 })
  const state: State = { deps, agents: new Links(), proxies: new Links(), sessions: new Map(), presence: openPresence(deps.db), arrivals: 0, loop: undefined }
  const { agents, proxies, sessions } = state

  return {
    upgrade(request, socket, head) {
      const path = (request.url ?? '').split('?')[0]
      if (path !== '/internal/agent' && path !== '/internal/proxy') return false
      const token = bearerOf(request)
      if (token === undefined || !deps.isMachine(token)) socket.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
      else server.handleUpgrade(request, socket, head, (client) => (path === '/internal/agent' ? acceptAgent : acceptProxy)(state, client))
      return true
    },
    placement() {
      const first = agents.machines.sort()[0]
      const link = first === undefined ? undefined : agents.get(first)
      return link ? { machine: link.machine, ownAddresses: link.facts.ownAddresses } : null
    },
    facts: (machine) => agents.get(machine)?.facts,
    agents: () => [...agents].map((link) => link.facts),
    proxies: () => [...proxies].map(({ machine, httpPort, httpsPort }) => ({ machine, httpPort, httpsPort })),
    send(machine, message) {
      const link = agents.get(machine)
      if (!link || link.socket.readyState !== link.socket.OPEN) return false
      sendTo(link, message)
      return true
    },
    onSession(machine, session, listener) {
      sessions.set(session, { machine, listener })
      return () => void sessions.delete(session)
    },
    start: () => (state.loop = startFleetLoop(state)),
    close() {
      for (const link of [...agents, ...proxies]) link.socket.close(1001, 'control is stopping')
      server.close()
    },
  }
}

function startFleetLoop({ deps, agents, proxies, presence }: State): Loop {
  return startLoop({
    name: 'fleet',
    periodMs: 5000,
    turn: async () => ({
      actions: [...(await tellAgents(deps, agents)), ...(await tellProxies(deps, proxies)), ...(await presence.noteLosses((machine) => agents.get(machine) !== undefined))],
      waiting: agents.machines.length === 0 ? ['no agent is connected'] : [],
    }),
    onError: (error) => deps.log.error({ err: error }, 'fleet turn failed'),
  })
}

function acceptAgent(state: State, socket: WebSocket): void {
  const { deps, agents, presence } = state
  const arrived = ++state.arrivals
  let link: AgentLink | undefined
  listen(socket, {
    log: deps.log,
    async onMessage(raw) {
      const message = raw as AgentToControl
      if (message.t !== 'hello') return link && onAgent(state, link, message)
      const machine = machineName.parse(message.facts.machine)
      if (message.wireVersion !== wireVersion) return socket.close(1002, `control speaks wire version ${wireVersion}`)
      await raiseGeneration(deps.db, message.desiredGeneration)
      const fresh: AgentLink = { socket, machine, arrived, facts: message.facts, sent: undefined }
      if (!agents.enter(fresh)) return
      link = fresh
      await presence.came('machine', machine, message.facts)
      state.loop?.wake()
      deps.changed.ring()
    },
    onClose() {
      if (!link || !agents.leave(link)) return
      for (const { machine, listener } of state.sessions.values()) if (machine === link.machine) listener({ t: 'lost' })
      presence.left('machine', link.machine)
    },
  })
}

async function onAgent({ deps, sessions }: State, link: AgentLink, message: AgentToControl): Promise<void> {
  if (message.t === 'check.tested') return deps.onTested?.(message)
  if (message.t === 'clock') return sendTo(link, { t: 'clock', asked: message.asked, atMs: Date.now() })
  if (message.t === 'observed') return onObserved(deps, link, message)
  if (message.t.startsWith('session.')) sessions.get((message as { session: string }).session)?.listener(message as never)
}

async function onObserved({ db, changed }: GatewayDeps, link: AgentLink, message: Extract<AgentToControl, { t: 'observed' }>): Promise<void> {
  const { machine } = link
  const now = new Date()
  const seen = await storeObservations(db, machine, message.instances)
  // only once the agent has the newest word may silence about an instance count as "it is gone"
  const { sent } = link // as it is by now
  const gone = sent !== undefined && message.desiredGeneration >= sent.generation
    ? await markGone(db, machine, message.instances.map((instance) => instance.id), sent.readAt, now) : []
  await noteSeen(db, machine, now)
  if (seen.length > 0 || gone.length > 0) changed.ring()
}

function acceptProxy(state: State, socket: WebSocket): void {
  const { deps, proxies, presence } = state
  const arrived = ++state.arrivals
  let link: ProxyLink | undefined
  listen(socket, {
    log: deps.log,
    async onMessage(raw) {
      const message = raw as ProxyToControl
      if (message.t !== 'hello') return
      const machine = machineName.parse(message.machine)
      if (message.wireVersion !== wireVersion) return socket.close(1002, `control speaks wire version ${wireVersion}`)
      await raiseGeneration(deps.db, message.generation)
      const fresh: ProxyLink = { socket, machine, arrived, httpPort: message.httpPort, httpsPort: message.httpsPort, sentHash: undefined }
      if (!proxies.enter(fresh)) return
      link = fresh
      await presence.came('proxy', machine, null)
      state.loop?.wake()
    },
    onClose() {
      if (link && proxies.leave(link)) presence.left('proxy', link.machine)
    },
  })
}
