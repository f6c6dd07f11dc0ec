import type { Socket } from 'node:net'
import type { ServiceKey } from '#contract/names.ts'
import type { Endpoint, EndpointState } from '#contract/wire.ts'
import { Score } from './score.ts'
import { UpstreamConnection, type UpstreamUser } from './upstream.ts'

/** So long an instance that has just become ready may fail without that alone being held against its release. */
const warmingMs = 2_000

/**
 * One running copy of a service as the proxy knows it: where it listens, what its agent says of it, what is in flight,
 * and the idle connections to it. It outlives changes of address; connections to an old address are not used again.
 */
export class Instance {
  readonly id: string
  /** What people call it; undefined: the agent did not say. */
  name: string | undefined
  service: ServiceKey
  release: number
  host: string
  port: number
  state: EndpointState
  /** Rises with every change of address. */
  epoch = 0
  /** HTTP requests under way; what a drain waits for. */
  inFlight = 0
  /** Reads from it, ever; answers may be told from silence by it. */
  reads = 0
  #unanswered = 0
  #owesSince = 0
  #readsSeen = 0
  #readsSeenAt = 0
  /** Until when (monotonic ms) it is passed over, because it refused a connection. */
  suspendedUntil = 0
  /** Refused connections in a row. */
  failures = 0
  readonly score = new Score()
  /** Passed over because it does worse than its peers (`ejection.ts`); since when, and until when or when that ended. Monotonic ms. */
  ejected = false
  ejectedAt = 0
  ejectedUntil = 0
  /** Ejections without a long good time in between. */
  ejections = 0
  /** Until when (monotonic ms) it gets less than its share, because it has just become ready, and over how long that grows. */
  coldUntil = 0
  coldMs = 0
  /** Since when it is ready at this address (monotonic ms). */
  #readySince = Number.NEGATIVE_INFINITY
  /** The agent asked to be told when nothing is in flight any more. */
  drainAsked = false
  suspectSaidAt = Number.NEGATIVE_INFINITY
  readonly #idle: UpstreamConnection[] = []
  readonly #connections = new Set<UpstreamConnection>()
  readonly #tunnels = new Set<Socket>()
  /** Connections of TCP edges that it has not accepted yet. */
  readonly joining = new Set<{ recalled(): void }>()

  constructor(endpoint: Endpoint) {
    this.id = endpoint.instance
    this.name = endpoint.name
    this.service = endpoint.service
    this.release = endpoint.release
    this.host = endpoint.host
    this.port = endpoint.port
    this.state = endpoint.state
  }

  get outstanding(): number {
    return this.inFlight + this.#tunnels.size
  }

  /** What the agent says now. A word of readiness ends a suspension: the agent has just probed it. */
  update(endpoint: Endpoint): void {
    if (endpoint.host !== this.host || endpoint.port !== this.port) {
      this.epoch++
      this.host = endpoint.host
      this.port = endpoint.port
      this.closeIdle()
    }
    this.name = endpoint.name
    this.service = endpoint.service
    this.release = endpoint.release
    this.state = endpoint.state
    if (endpoint.state === 'ready') {
      this.drainAsked = false
      this.suspendedUntil = 0
      this.failures = 0
    } else this.closeIdle()
  }

  /** An idle connection not older than `maxIdleMs`, the one used last first. */
  take(nowMs: number, maxIdleMs: number): UpstreamConnection | undefined {
    while (true) {
      const connection = this.#idle.pop()
      if (connection === undefined) return undefined
      if (!connection.usable) connection.destroy()
      else if (nowMs - connection.idleSince <= Math.min(maxIdleMs, connection.idleLimitMs - 1000)) return connection
      else {
        // Those below it in the stack idle longer still: leave them to requests that may be sent again, or the sweep.
        this.#idle.push(connection)
        return undefined
      }
    }
  }

  /** `plain`: it may become a tunnel. */
  open(user: UpstreamUser, plain: boolean): UpstreamConnection {
    const connection = new UpstreamConnection(this, user, plain)
    this.#connections.add(connection)
    return connection
  }

  keep(connection: UpstreamConnection): void {
    if (this.state !== 'ready') return connection.destroy()
    connection.idleSince = performance.now()
    this.#idle.push(connection)
  }

  forget(connection: UpstreamConnection): void {
    if (!this.#connections.delete(connection)) return
    const at = this.#idle.indexOf(connection)
    if (at !== -1) this.#idle.splice(at, 1)
  }

  /** A tunnel or TCP connection; closed at the latest when the instance is gone. */
  addTunnel(socket: Socket): void {
    this.#tunnels.add(socket)
    socket.once('close', () => this.#tunnels.delete(socket))
  }

  /** A request was sent to it. */
  asked(nowMs: number): void {
    if (this.#unanswered++ === 0) this.#owesSince = nowMs
  }

  /** One that was asked for is answered, or not waited for any more. */
  settled(): void {
    this.#unanswered--
  }

  /** How long it has owed an answer without a byte coming from it; 0 when it owes none. Asked on every beat, and exact to one. */
  silentMs(nowMs: number): number {
    if (this.reads !== this.#readsSeen) {
      this.#readsSeen = this.reads
      this.#readsSeenAt = nowMs
    }
    return this.#unanswered === 0 ? 0 : nowMs - Math.max(this.#owesSince, this.#readsSeenAt)
  }

  /** It has just come into rotation: caches, pools and compiled code are still to come. */
  warmUp(nowMs: number, coldMs: number): void {
    this.coldUntil = nowMs + coldMs
    this.coldMs = coldMs
  }

  /** It is ready, the first time at this address: what a process does at its very first is not what it will do. */
  begins(nowMs: number): void {
    this.#readySince = nowMs
  }

  get hasBegun(): boolean {
    return this.#readySince !== Number.NEGATIVE_INFINITY
  }

  warms(nowMs: number): boolean {
    return nowMs - this.#readySince < warmingMs
  }

  /** It cannot serve: whoever waits for it may look elsewhere. Call it once nobody is sent here any more. */
  recall(): void {
    for (const connection of [...this.#connections]) connection.recall()
    for (const waiting of [...this.joining]) waiting.recalled()
  }

  sweep(nowMs: number, maxIdleMs: number): void {
    for (const connection of this.#idle) {
      if (nowMs - connection.idleSince > Math.min(maxIdleMs, connection.idleLimitMs - 1000)) connection.destroy()
    }
  }

  closeIdle(): void {
    for (const connection of this.#idle.splice(0)) connection.destroy()
  }

  /** It exists no more: what still hangs on it cannot end well. */
  destroy(): void {
    this.closeIdle()
    for (const socket of this.#tunnels) socket.destroy()
  }

  endpoint(): Endpoint {
    return { instance: this.id, ...(this.name === undefined ? {} : { name: this.name }), service: this.service, release: this.release, host: this.host, port: this.port, state: this.state }
  }
}
