import { connect, type Socket } from 'node:net'
import type { Admission } from './breaker.ts'
import type { CallOutcome } from './circuit.ts'
import type { Visitable } from './entrance.ts'
import type { Instance } from './instance.ts'
import { Placement } from './placement.ts'
import type { Relay } from './relay.ts'
import type { Waiter } from './service.ts'
import type { Target } from './target.ts'
import { runTunnel } from './tunnel.ts'

/**
 * One connection through a TCP edge: it waits for an instance, is joined to it byte for byte, and stays with it.
 * Nothing is read from the caller before that, so another instance may be tried as long as none has accepted.
 */
export class TcpConnection implements Waiter, Visitable {
  readonly #relay: Relay
  readonly #target: Target
  readonly #socket: Socket
  readonly #connections: Set<Visitable>
  readonly #placement: Placement
  readonly #since = performance.now()
  #upstream: Socket | null = null
  #connecting: Instance | null = null
  #connectingSince = 0
  #joined = false
  /** What the edge's breaker said; null once it was told the end. */
  #admission: Admission | null

  constructor(socket: Socket, target: Target, relay: Relay, connections: Set<Visitable>) {
    this.#relay = relay
    this.#target = target
    this.#placement = new Placement(target.service)
    this.#placement.choose('')
    this.#socket = socket
    this.#connections = connections
    this.#admission = target.breaker?.admit(this.#since) ?? null
    connections.add(this)
    socket.on('error', () => this.destroy())
    socket.on('close', () => this.#gone())
    if (this.#admission === 'refuse') this.#giveUp()
    else this.wake()
  }

  wake(): void {
    if (this.#socket.destroyed || this.#upstream !== null) return
    this.#placement.forget()
    this.#dispatch()
  }

  #dispatch(): void {
    const now = performance.now()
    const { service } = this.#target
    const instance = this.#placement.pick(now)
    if (instance === undefined) {
      const { parkMs, parkedPerService } = this.#relay.limits
      if (!service.expected && service.eligible.length === 0) this.#admitted('unknown')
      else if (now - this.#since < parkMs && service.parked < parkedPerService) return service.park(this)
      return this.#giveUp()
    }
    const upstream = connect({ host: instance.host, port: instance.port, noDelay: true, allowHalfOpen: true })
    this.#upstream = upstream
    this.#connecting = instance
    this.#connectingSince = now
    instance.joining.add(this)
    upstream.on('connect', () => this.#join(instance, upstream))
    upstream.on('error', (error) => this.#refused(instance, upstream, (error as NodeJS.ErrnoException).code ?? error.message))
  }

  #join(instance: Instance, upstream: Socket): void {
    this.#joined = true
    this.#admitted('passed')
    this.#leave(instance)
    instance.failures = 0
    instance.addTunnel(upstream)
    const { counter } = this.#target
    counter.connection()
    upstream.removeAllListeners('error')
    runTunnel(this.#socket, upstream, { fromClient: null, fromUpstream: null }, this.#relay.tunnels, (bytesIn, bytesOut) => counter.bytes(bytesIn, bytesOut))
  }

  #refused(instance: Instance, upstream: Socket, because: string): void {
    if (this.#upstream !== upstream || this.#joined) return
    this.#leave(instance)
    this.#upstream = null
    upstream.destroy()
    this.#relay.fleet.refused(instance, `connection failed: ${because}`, performance.now())
    this.#placement.refusedBy(instance)
    if (!this.#socket.destroyed) this.#dispatch()
  }

  #leave(instance: Instance): void {
    this.#connecting = null
    instance.joining.delete(this)
  }

  recalled(): void {
    if (this.#connecting === null) return
    this.#leave(this.#connecting)
    this.#upstream?.destroy()
    this.#upstream = null
    this.#dispatch()
  }

  #admitted(outcome: CallOutcome): void {
    if (this.#admission !== null && this.#admission !== 'refuse') this.#target.breaker?.ended(this.#admission, outcome, performance.now())
    this.#admission = null
  }

  #giveUp(): void {
    this.#admitted('failed')
    this.#target.counter.connectionFailed()
    this.destroy()
  }

  #gone(): void {
    this.#connections.delete(this)
    this.#admitted('unknown')
    this.#target.service.unpark(this)
    if (this.#connecting !== null) this.#leave(this.#connecting)
    if (!this.#joined) this.#upstream?.destroy()
  }

  sweep(nowMs: number): void {
    if (this.#joined) return
    if (this.#connecting !== null && this.#upstream !== null) {
      if (nowMs - this.#connectingSince >= this.#relay.limits.connectMs) this.#refused(this.#connecting, this.#upstream, 'no answer')
    } else if (nowMs - this.#since >= this.#relay.limits.parkMs) this.#giveUp()
  }

  busy(): boolean {
    return false
  }

  /** Tunnels have no end of their own; a shutdown ends them last. */
  closeGently(): void {
    if (!this.#joined) this.destroy()
  }

  destroy(): void {
    this.#socket.destroy()
  }
}
