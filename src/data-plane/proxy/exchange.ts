import { isIdempotent, type Loss, mayRecall, mayRetry, retryPauseMs } from './balancer.ts'
import type { Outcome } from './counter.ts'
import { type Failure, failures } from './failure.ts'
import { type Caller, requestLines } from './forward.ts'
import type { Front } from './front.ts'
import { HeldBody } from './held-body.ts'
import type { Instance } from './instance.ts'
import { Placement } from './placement.ts'
import type { Refusal } from './refusal.ts'
import { type Relay, withoutQuery } from './relay.ts'
import type { RequestHead } from './request-head.ts'
import type { ResponseHead } from './response-head.ts'
import type { Waiter } from './service.ts'
import type { Target } from './target.ts'
import type { UpstreamConnection, UpstreamUser } from './upstream.ts'

/**
 * One request and its response: waiting (parked) → connecting → sent → responding → finished.
 *
 * Invariants: `#finish` runs once; after it nothing is written to either side. A request is sent again only if no byte
 * of it went out, or if `mayRetry` says so and the service's budget has one left. At most one upstream connection at a time.
 */
export class Exchange implements UpstreamUser, Waiter {
  readonly requestId: string
  readonly target: Target
  readonly head: RequestHead
  finished = false
  bytesIn: number
  bytesOut = 0
  readonly #relay: Relay
  readonly #front: Front
  readonly #caller: Caller
  readonly #protocol: string
  readonly #at = Date.now()
  readonly #start = performance.now()
  readonly #lines: string
  readonly #body = new HeldBody()
  readonly #placement: Placement
  #connection: UpstreamConnection | null = null
  #instance: Instance | null = null
  #lastInstance: string | null = null
  #sent = false
  /** When it was sent, while nothing but informational heads has come back; -1 otherwise. */
  #askedAt = -1
  #reused = false
  #fresh = false
  #retries = 0
  #recalls = 0
  #parkedSince = -1
  #answered = false
  #status = 0
  #firstByteMs = 0
  #progress = 0
  #progressAt = this.#start
  #connectingSince = 0

  constructor(relay: Relay, front: Front, caller: Caller, head: RequestHead, target: Target, protocol: string, requestId: string) {
    this.#relay = relay
    this.#front = front
    this.#caller = caller
    this.#protocol = protocol
    this.head = head
    this.target = target
    this.#placement = new Placement(target.service)
    this.requestId = requestId
    this.#lines = requestLines(head, caller, requestId, this.#at)
    this.bytesIn = head.target.length + head.kept.length
    target.service.retries.earn(this.#start)
  }

  /** `body`: what has come of it; `complete`: that is all. */
  begin(body: Buffer | null, complete: boolean): void {
    this.#body.complete = complete
    if (body !== null) {
      this.#body.add(body)
      this.bytesIn += body.length
    }
    if (!complete) this.#front.pause()
    this.#dispatch()
  }

  get complete(): boolean {
    return this.#body.complete
  }

  /** More of the request body; empty with `last` when there is no more. */
  body(chunk: Buffer, last: boolean): void {
    if (this.finished) return
    this.bytesIn += chunk.length
    this.#body.complete = last
    this.#body.add(chunk)
    if (!this.#sent) return
    if (this.#body.kept && this.bytesIn > this.#relay.limits.replayBytes) this.#body.forget()
    if (chunk.length > 0 && this.#connection?.socket.write(chunk) === false && !last) this.#front.pause()
  }

  // ---- finding an instance

  wake(): void {
    if (this.finished || this.#connection !== null) return
    this.#placement.forget()
    this.#dispatch()
  }

  #dispatch(): void {
    const now = performance.now()
    const instance = this.#placement.pick(now)
    if (instance === undefined) return this.#park(now)
    this.#instance = instance
    this.#lastInstance = instance.id
    instance.inFlight++
    const { limits } = this.#relay
    const patience = isIdempotent(this.head.method) ? limits.upstreamIdleMs : limits.unsafeReuseMs
    const plain = this.head.upgrade !== null
    const idle = this.#fresh || plain ? undefined : instance.take(now, patience)
    if (idle === undefined) {
      this.#connectingSince = now
      this.#connection = instance.open(this, plain)
    } else {
      this.#connection = idle
      this.#send(idle)
    }
  }

  #park(now: number): void {
    const { service } = this.target
    const { limits } = this.#relay
    if (!service.expected && service.eligible.length === 0) return this.#fail(failures.stopped)
    if (this.#parkedSince === -1) this.#parkedSince = now
    if (now - this.#parkedSince >= limits.parkMs) return this.#fail(failures.noInstance)
    if (service.parked >= limits.parkedPerService) return this.#fail(failures.queueFull)
    service.park(this)
  }

  connected(connection: UpstreamConnection): void {
    connection.instance.failures = 0
    this.#send(connection)
  }

  #send(connection: UpstreamConnection): void {
    this.#reused = connection.uses > 0
    this.#sent = true
    this.#parkedSince = -1
    connection.use(this, this.head.method, this.#front.raw, this.head.upgrade !== null)
    const body = this.#body.content()
    const more = connection.write(this.#lines, body)
    if (body !== null && body.length > this.#relay.limits.replayBytes) this.#body.forget()
    const now = performance.now()
    this.#askedAt = now
    connection.instance.asked(now)
    this.#touch(now)
    if (!this.#body.complete && more) this.#front.resume()
  }

  connectFailed(because: string): void {
    const instance = this.#letGo()
    if (instance === null) return
    this.#relay.fleet.refused(instance, `connection failed: ${because}`, performance.now())
    this.#placement.refusedBy(instance)
    this.#dispatch()
  }

  /** Ends the hold on the instance, not the exchange. */
  #letGo(): Instance | null {
    const instance = this.#instance
    this.#connection = null
    this.#instance = null
    if (instance !== null) {
      if (this.#askedAt !== -1) instance.settled()
      this.#askedAt = -1
      this.#relay.fleet.ended(instance)
    }
    return instance
  }

  // ---- the response

  informational(head: ResponseHead): void {
    this.#answered = true
    this.#front.informational(head)
  }

  responseHead(head: ResponseHead, body: Buffer | null, last: boolean): void {
    this.#answered = true
    this.#responded(head.status)
    if (last) this.#settleConnection()
    this.bytesOut = this.#front.respond(head, body, last) + (body?.length ?? 0)
    if (last) this.#finish('answered', null)
    else if (this.#front.congested()) this.#connection?.socket.pause()
  }

  #responded(status: number): void {
    const now = performance.now()
    this.#status = status
    this.#firstByteMs = now - this.#start
    const tookMs = now - this.#askedAt
    this.#askedAt = -1
    this.target.service.latency.add(tookMs)
    this.#instance?.settled()
    this.#instance?.score.answered(status, tookMs, now)
  }

  responseBody(body: Buffer, last: boolean, trailers: string): void {
    this.bytesOut += body.length
    if (last) this.#settleConnection()
    if (body.length > 0) this.#front.write(body)
    if (last) {
      this.#finish('answered', null)
      this.#front.end(trailers)
    } else if (this.#front.congested()) this.#connection?.socket.pause()
  }

  /** The response is whole. Had the app answered before it read the request, the connection still carries the rest of it. */
  #settleConnection(): void {
    const connection = this.#connection
    this.#letGo()
    if (this.#body.complete) connection?.giveBack()
    else connection?.destroy()
  }

  upgraded(head: ResponseHead, rest: Buffer): void {
    const connection = this.#connection as UpstreamConnection
    const { instance } = connection
    const socket = connection.detach()
    this.#responded(101)
    this.#letGo()
    instance.addTunnel(socket)
    this.target.counter.connection()
    this.#finish('answered', null)
    this.#front.upgraded(head, socket, rest)
  }

  /** The front's client takes more. */
  drain(): void {
    this.#connection?.socket.resume()
  }

  drained(): void {
    if (!this.#body.complete) this.#front.resume()
  }

  holds(): boolean {
    return this.#front.holds()
  }

  // ---- ends that are not the app's answer

  lost(because: string): void {
    const now = performance.now()
    const instance = this.#letGo() as Instance
    const again = mayRetry(this.#loss()) && this.target.service.retries.spend(now)
    if (!again || !this.#reused) this.#blame(instance, `closed early: ${because}`, now)
    if (!again) return this.#fail(failures.lost)
    this.#retries++
    this.#fresh = true
    this.#sent = false
    const pauseMs = this.#placement.lostAt(instance, now) ? 0 : retryPauseMs(this.#reused, this.#retries)
    if (pauseMs === 0) this.#dispatch()
    else this.#pause(now, pauseMs)
  }

  #loss(): Loss {
    return { answered: this.#answered, idempotent: isIdempotent(this.head.method), replayable: this.#body.replayable, retries: this.#retries }
  }

  /** What has not left the proxy may always go elsewhere. */
  recalled(): void {
    const connection = this.#connection
    if (connection === null) return
    if (this.#sent) {
      if (!mayRecall(this.#loss(), this.#recalls) || !this.target.service.retries.spend(performance.now())) return
      this.#recalls++
    }
    this.#sent = false
    this.#letGo()
    connection.destroy()
    this.#dispatch()
  }

  /** Waits as those do who wait for an instance, but no longer than `pauseMs`. */
  #pause(now: number, pauseMs: number): void {
    this.#park(now)
    setTimeout(() => {
      this.target.service.unpark(this)
      this.wake()
    }, pauseMs)
  }

  #blame(instance: Instance, because: string, now: number): void {
    instance.score.failed(now)
    this.#relay.fleet.suspect(instance, because, now)
  }

  malformed(refusal: Refusal): void {
    this.#letGo()?.score.failed(performance.now())
    this.#fail({ ...failures.malformed, detail: `${failures.malformed.detail} (${refusal.detail})` })
  }

  /** The client left. */
  abort(): void {
    if (this.finished) return
    this.#drop()
    this.#finish('aborted', 'client-left')
  }

  /** The request itself turned out to be bad after its head: it ends, on both sides. */
  refuse(failure: Failure): void {
    if (this.finished) return
    this.#drop()
    this.#fail(failure)
  }

  #drop(): void {
    const connection = this.#connection
    this.target.service.unpark(this)
    this.#letGo()
    connection?.destroy()
  }

  #fail(failure: Failure): void {
    if (this.finished) return
    const under = this.#status !== 0
    if (!under) {
      this.#status = failure.status
      this.#firstByteMs = performance.now() - this.#start
    }
    this.#finish(failure.forService ? 'failed' : 'answered', failure.kind)
    if (under) this.#front.cut()
    else this.#front.fail(failure)
  }

  #finish(outcome: Outcome, error: string | null): void {
    this.finished = true
    this.#body.forget()
    this.#relay.record({
      at: this.#at,
      target: this.target,
      instance: this.#lastInstance,
      method: this.head.method,
      host: this.head.hostname,
      path: withoutQuery(this.head.target),
      status: outcome === 'aborted' && this.#status === 0 ? 499 : this.#status,
      outcome,
      firstByteMs: this.#firstByteMs,
      ms: performance.now() - this.#start,
      bytesIn: this.bytesIn,
      bytesOut: this.bytesOut,
      requestId: this.requestId,
      client: this.#caller.address,
      protocol: this.#protocol,
      error,
    })
  }

  // ---- deadlines

  #touch(now: number): void {
    this.#progress = this.bytesIn + this.bytesOut
    this.#progressAt = now
  }

  /** Called on every beat. Progress is bytes moved since the beat before, in either direction. */
  sweep(now: number): void {
    if (this.finished) return
    const { limits } = this.#relay
    if (this.#connection === null) {
      if (now - this.#parkedSince >= limits.parkMs) {
        this.target.service.unpark(this)
        this.#fail(failures.noInstance)
      }
      return
    }
    if (!this.#sent || this.#connection.uses === 0) {
      if (now - this.#connectingSince < limits.connectMs) return
      this.#connection.destroy()
      return this.connectFailed(`no connection within ${limits.connectMs} ms`)
    }
    if (this.bytesIn + this.bytesOut !== this.#progress) return this.#touch(now)
    const still = now - this.#progressAt
    if (this.#status !== 0) {
      // A quiet stream is the app's right; a client that takes nothing of what is ready for it is not.
      if (still >= limits.stallMs && this.#front.congested()) this.#giveUpOnClient()
    } else if (!this.#body.complete && !this.#connection.socket.writableNeedDrain) {
      if (still >= limits.bodyMs && !this.head.expectContinue) this.refuse(failures.bodyTimeout)
      else if (still >= limits.bodyMs + limits.responseMs) this.#timeOut()
    } else if (still >= limits.responseMs) this.#timeOut()
  }

  #timeOut(): void {
    const instance = this.#instance
    this.#drop()
    if (instance !== null) this.#blame(instance, 'no answer in time', performance.now())
    this.#fail(failures.timeout)
  }

  #giveUpOnClient(): void {
    this.#drop()
    this.#finish('aborted', 'client-stalled')
    this.#front.cut()
  }
}
