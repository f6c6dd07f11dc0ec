import type { Socket } from 'node:net'
import { messageOf } from '#base/errors.ts'
import type { Edge, RouteTable } from '#contract/wire.ts'
import type { LinkLog } from '../link.ts'
import { Breaker } from './breaker.ts'
import { ClientConnection } from './client.ts'
import type { Note } from './ejection.ts'
import type { Entrance, Visitable } from './entrance.ts'
import { type Listener, listen } from './listener.ts'
import type { Relay } from './relay.ts'
import { type Counters, makeTarget, type Target } from './target.ts'
import { TcpConnection } from './tcp-connection.ts'

/**
 * One listener for each address of each edge. A table moves targets under listeners that stay: an address that is in
 * both tables is never closed, whatever changes behind it. An address that cannot be had is tried again every beat.
 */
export class Edges {
  readonly #relay: Relay
  readonly #counters: Counters
  readonly #connections: Set<Visitable>
  readonly #log: LinkLog
  readonly #note: Note
  readonly #slots = new Map<string, Slot>()
  /** By edge. */
  readonly #breakers = new Map<string, Breaker>()
  #closed = false

  constructor(relay: Relay, counters: Counters, connections: Set<Visitable>, note: Note, log: LinkLog) {
    this.#relay = relay
    this.#counters = counters
    this.#connections = connections
    this.#note = note
    this.#log = log
  }

  /** Resolves when every address has been tried once. */
  async apply(table: RouteTable): Promise<void> {
    const wanted = new Set<string>()
    for (const edge of table.edges) {
      const target = this.#target(edge, table)
      for (const { host, port } of edge.listen) {
        const address = `${host}:${port}`
        if (wanted.has(address)) {
          this.#log('warn', `edge ${edge.id} wants ${address}, which another edge has`)
          continue
        }
        wanted.add(address)
        this.#put(address, host, port, edge, target)
      }
    }
    const edges = new Set(table.edges.map((edge) => edge.id))
    for (const id of this.#breakers.keys()) if (!edges.has(id)) this.#breakers.delete(id)
    for (const [address, slot] of this.#slots) {
      if (wanted.has(address)) continue
      this.#slots.delete(address)
      slot.wanted = false
      void slot.listener?.close()
    }
    await this.beat()
  }

  /** Tries again what could not be opened. */
  async beat(): Promise<void> {
    await Promise.all([...this.#slots.values()].map((slot) => this.#open(slot)))
  }

  close(): void {
    this.#closed = true
    for (const slot of this.#slots.values()) {
      slot.wanted = false
      void slot.listener?.close()
    }
  }

  #put(address: string, host: string, port: number, edge: Edge, target: Target): void {
    const slot = this.#slots.get(address)
    if (slot !== undefined) {
      slot.edge = edge
      slot.target = target
      return
    }
    this.#slots.set(address, { address, host, port, edge, target, wanted: true, listener: null, opening: false, complained: false })
  }

  async #open(slot: Slot): Promise<void> {
    if (slot.listener !== null || slot.opening || this.#closed) return
    slot.opening = true
    try {
      const entrance = this.#entrance(slot)
      const listener = await listen({ host: slot.host, port: slot.port }, (socket) => this.#serve(slot, entrance, socket))
      slot.listener = listener
      if (!slot.wanted) await listener.close()
      else if (slot.complained) this.#log('info', `edge ${slot.edge.id} listens on ${slot.address}`)
    } catch (error) {
      if (!slot.complained) this.#log('warn', `edge ${slot.edge.id} cannot listen on ${slot.address}: ${messageOf(error)} (trying again)`)
      slot.complained = true
    } finally {
      slot.opening = false
    }
  }

  #serve(slot: Slot, entrance: Entrance, socket: Socket): void {
    if (slot.edge.protocol === 'tcp') new TcpConnection(socket, slot.target, this.#relay, this.#connections)
    else new ClientConnection(socket, entrance)
  }

  #entrance(slot: Slot): Entrance {
    return {
      relay: this.#relay,
      rules: { secure: false, trustForwarded: true, trustTrace: true },
      scheme: 'http',
      port: slot.port,
      edge: () => slot.target,
      httpsPort: () => null,
      connections: this.#connections,
    }
  }

  #target(edge: Edge, table: RouteTable): Target {
    const [, , name = ''] = edge.to.split('/')
    const service = table.services[edge.to]?.service ?? name
    const names = { key: `edge:${edge.id}`, app: edge.app, environment: edge.environment, service, from: edge.from }
    return makeTarget(this.#counters, this.#relay.fleet.service(edge.to), names, { httpsOnly: false, keeping: null, breaker: this.#breaker(edge) })
  }

  #breaker(edge: Edge): Breaker {
    const service = this.#relay.fleet.service(edge.to)
    let breaker = this.#breakers.get(edge.id)
    if (breaker?.service !== service) {
      breaker = new Breaker(edge, service, this.#note)
      this.#breakers.set(edge.id, breaker)
    }
    return breaker
  }
}

type Slot = {
  address: string
  host: string
  port: number
  edge: Edge
  target: Target
  wanted: boolean
  listener: Listener | null
  opening: boolean
  complained: boolean
}
