import { Account } from './account.ts'
import { Attempt } from './attempt.ts'
import { isIdempotent, type Loss, mayRecall, mayRetry, retryPauseMs } from './balancer.ts'
import type { Admission } from './breaker.ts'
import type { CallOutcome } from './circuit.ts'
import type { Outcome } from './counter.ts'
import { Deadline } from './deadline.ts'
import { type Failure, failures } from './failure.ts'
import { type Caller, requestLines } from './forward.ts'
import type { Front } from './front.ts'
import { HeldBody } from './held-body.ts'
import { Placement } from './placement.ts'
import type { Refusal } from './refusal.ts'
import type { Relay } from './relay.ts'
import type { RequestHead } from './request-head.ts'
import type { ResponseHead } from './response-head.ts'
import { isFault, SafetyNet } from './safety-net.ts'
import type { Waiter } from './service.ts'
import type { Target } from './target.ts'
import type { TraceContext } from './trace-context.ts'
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
  readonly #relay: Relay
  readonly #front: Front
  readonly #account: Account
  readonly #trace: TraceContext
  readonly #lines: string
  readonly #body = new HeldBody()
  readonly #placement: Placement
  readonly #deadline: Deadline | null
  readonly #net: SafetyNet | null
  #attempt: Attempt | null = null
  #admission: Admission = 'pass'
  #fresh = false
  #answered = false
  #progress = 0
  #progressAt: number

  constructor(relay: Relay, front: Front, caller: Caller, head: RequestHead, target: Target, protocol: string, requestId: string) {
    this.#relay = relay
    this.#front = front
    this.head = head
    this.target = target
    const account = new Account(head, target, requestId, caller.address, protocol)
    this.#account = account
    this.#progressAt = account.start
    this.#placement = new Placement(target.service)
    this.#deadline = Deadline.of(target.service.timeoutMs, head.timeoutMs)
    this.requestId = requestId
    this.#trace = relay.traceOf(head, target, account.start)
    this.#lines = requestLines(head, caller, requestId, this.#trace, account.at)
    this.#net = target.keeping === null ? null : new SafetyNet(target.keeping, target.service.key, caller.scheme, head, this.#lines)
    target.service.retries.earn(account.start)
  }

  /** `body`: what has come of it; `complete`: that is all. */
  begin(body: Buffer | null, complete: boolean): void {
    this.#body.complete = complete
    if (body !== null) {
      this.#body.add(body)
      this.#account.bytesIn += body.length
    }
    if (this.target.service.split !== null) this.#placement.choose(this.head.kept)
    if (complete) this.#deadline?.start(this.#account.start, () => this.#due())
    else this.#front.pause()
    const { breaker } = this.target
    if (breaker !== null) this.#admission = breaker.admit(this.#account.start)
    if (this.#admission === 'refuse') this.#fail({ ...failures.circuitOpen, retryAfterSeconds: breaker?.retryAfterSeconds(this.#account.start) ?? 1 })
    else this.#dispatch()
  }

  get complete(): boolean {
    return this.#body.complete
  }

  /** More of the request body; empty with `last` when there is no more. */
  body(chunk: Buffer, last: boolean): void {
    if (this.finished) return
    this.#account.bytesIn += chunk.length
    this.#body.complete = last
    this.#body.add(chunk)
    if (last && this.#account.status === 0) this.#deadline?.start(performance.now(), () => this.#due())
    if (this.#attempt?.sent !== true) return
    if (this.#body.kept && this.#account.bytesIn > this.#relay.limits.replayBytes) this.#body.forget()
    if (chunk.length > 0 && this.#attempt.connection?.socket.write(chunk) === false && !last) this.#front.pause()
  }

  // ---- finding an instance

  wake(): void {
    if (this.finished || this.#attempt !== null) return
    this.#placement.forget()
    this.#dispatch()
  }

  #dispatch(): void {
    const now = performance.now()
    const instance = this.#placement.pick(now)
    if (instance === undefined) return this.#park(now)
    const { limits, fleet } = this.#relay
    const attempt = new Attempt(instance, fleet, now)
    this.#attempt = attempt
    this.#account.instance = instance.id
    const patience = isIdempotent(this.head.method) ? limits.upstreamIdleMs : limits.unsafeReuseMs
    const plain = this.head.upgrade !== null
    const idle = this.#fresh || plain ? undefined : instance.take(now, patience)
    attempt.connection = idle ?? instance.open(this, plain)
    if (idle !== undefined) this.#send(attempt, idle)
  }

  #park(now: number): void {
    const { service } = this.target
    const { limits } = this.#relay
    if (!service.expected && service.eligible.length === 0) return this.#fail(failures.stopped)
    if (this.#account.parked(now) >= limits.parkMs) return this.#fail(failures.noInstance)
    if (service.parked >= limits.parkedPerService) return this.#fail(failures.queueFull)
    service.park(this)
  }

  connected(connection: UpstreamConnection): void {
    connection.instance.failures = 0
    this.#send(this.#attempt as Attempt, connection)
  }

  #send(attempt: Attempt, connection: UpstreamConnection): void {
    attempt.reused = connection.uses > 0
    attempt.sent = true
    connection.use(this, this.head.method, this.#front.raw, this.head.upgrade !== null)
    const body = this.#body.content()
    const now = performance.now()
    this.#account.unparked(now)
    const more = connection.write(this.#deadline === null ? `${this.#lines}\r\n` : `${this.#lines}${this.#deadline.line(now)}\r\n`, body)
    if (body !== null && body.length > this.#relay.limits.replayBytes) this.#body.forget()
    attempt.asked(now)
    this.#account.release = attempt.instance.release
    this.#account.warming = attempt.instance.warms(now)
    this.#touch(now)
    if (!this.#body.complete && more) this.#front.resume()
  }

  connectFailed(because: string): void {
    const instance = this.#letGo()?.instance
    if (instance === undefined) return
    this.#relay.fleet.refused(instance, `connection failed: ${because}`, performance.now())
    this.#placement.refusedBy(instance)
    this.#dispatch()
  }

  /** Ends the hold on the instance, not the exchange. */
  #letGo(): Attempt | null {
    const attempt = this.#attempt
    this.#attempt = null
    attempt?.end()
    return attempt
  }

  // ---- the response

  informational(head: ResponseHead): void {
    this.#answered = true
    this.#front.informational(head)
  }

  responseHead(head: ResponseHead, body: Buffer | null, last: boolean): void {
    this.#responded(head.status)
    if (this.#net !== null && this.#netTakes(this.#net, head, body, last)) return
    const cookie = this.#placement.cookie((this.#attempt as Attempt).instance)
    if (last) this.#settleConnection()
    this.#account.bytesOut = this.#front.respond(cookie === '' ? head : { ...head, kept: head.kept + cookie }, body, last) + (body?.length ?? 0)
    if (last) this.#finish('answered', null)
    else if (this.#front.congested()) this.#attempt?.connection?.socket.pause()
  }

  /** True: a copy has gone out in place of it. */
  #netTakes(net: SafetyNet, head: ResponseHead, body: Buffer | null, last: boolean): boolean {
    if (isFault(head.status) && this.#rescue(`status-${head.status}`, last)) return true
    net.answered(head, this.#front.raw)
    if (body !== null) net.body(body)
    if (last) net.keep()
    return false
  }

  /** Answers with a copy, where there is one. `whole`: the response that it stands in for has come to its end. */
  #rescue(because: string, whole: boolean): boolean {
    const answer = this.#net?.rescue() ?? null
    if (answer === null) return false
    if (whole) this.#settleConnection()
    else this.#letGo()?.connection?.destroy()
    this.#account.answered(answer.head.status, performance.now())
    this.#account.bytesOut = this.#front.respond(answer.head, answer.body, true) + (answer.body?.length ?? 0)
    this.#finish('stale', because)
    return true
  }

  #responded(status: number): void {
    const now = performance.now()
    this.#deadline?.stop()
    this.#answered = true
    this.#account.answered(status, now)
    this.target.service.latency.add((this.#attempt as Attempt).responded(status, now))
  }

  responseBody(body: Buffer, last: boolean, trailers: string): void {
    this.#account.bytesOut += body.length
    if (this.#net !== null) {
      this.#net.body(body)
      if (last) this.#net.keep()
    }
    if (last) this.#settleConnection()
    if (body.length > 0) this.#front.write(body)
    if (last) {
      this.#finish('answered', null)
      this.#front.end(trailers)
    } else if (this.#front.congested()) this.#attempt?.connection?.socket.pause()
  }

  /** The response is whole. Had the app answered before it read the request, the connection still carries the rest of it. */
  #settleConnection(): void {
    const connection = this.#letGo()?.connection
    if (this.#body.complete) connection?.giveBack()
    else connection?.destroy()
  }

  upgraded(head: ResponseHead, rest: Buffer): void {
    const { instance, connection } = this.#attempt as Attempt
    const socket = (connection as UpstreamConnection).detach()
    this.#responded(101)
    this.#letGo()
    instance.addTunnel(socket)
    this.target.counter.connection()
    this.#finish('answered', null)
    this.#front.upgraded(head, socket, rest)
  }

  /** The front's client takes more. */
  drain(): void {
    this.#attempt?.connection?.socket.resume()
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
    const attempt = this.#letGo() as Attempt
    const again = mayRetry(this.#loss()) && this.target.service.retries.spend(now)
    if (!again || !attempt.reused) attempt.blame(`closed early: ${because}`, now)
    if (!again) return this.#fail(failures.lost)
    this.#account.retries++
    this.#fresh = true
    const pauseMs = this.#placement.lostAt(attempt.instance, now) ? 0 : retryPauseMs(attempt.reused, this.#account.retries)
    if (pauseMs === 0) this.#dispatch()
    else this.#pause(now, pauseMs)
  }

  #loss(): Loss {
    return { answered: this.#answered, idempotent: isIdempotent(this.head.method), replayable: this.#body.replayable, retries: this.#account.retries }
  }

  /** What has not left the proxy may always go elsewhere. */
  recalled(): void {
    if (this.#attempt === null) return
    if (this.#attempt.sent) {
      if (!mayRecall(this.#loss(), this.#account.recalls) || !this.target.service.retries.spend(performance.now())) return
      this.#account.recalls++
    }
    this.#letGo()?.connection?.destroy()
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

  malformed(refusal: Refusal): void {
    this.#letGo()?.instance.score.failed(performance.now())
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
    this.target.service.unpark(this)
    this.#letGo()?.connection?.destroy()
  }

  #fail(failure: Failure): void {
    if (this.finished) return
    const under = this.#account.status !== 0
    // what a person has stopped is not to be seen
    if (!under && failure.forService && failure.kind !== failures.stopped.kind && this.#rescue(failure.kind, false)) return
    if (!under) this.#account.answered(failure.status, performance.now())
    this.#finish(failure.forService ? 'failed' : 'answered', failure.kind)
    if (under) this.#front.cut()
    else this.#front.fail(failure)
  }

  #finish(outcome: Outcome, error: string | null): void {
    this.finished = true
    this.#deadline?.stop()
    this.#body.forget()
    this.#net?.drop()
    const now = performance.now()
    if (this.#admission !== 'refuse') this.target.breaker?.ended(this.#admission, this.#callOutcome(outcome, error), now)
    this.#relay.record(this.#account.entry(outcome, error, this.#trace, now))
  }

  /** For the breaker. A service that is stopped is no failure, nor is a caller that leaves before the answer. */
  #callOutcome(outcome: Outcome, error: string | null): CallOutcome {
    if (outcome === 'failed' || outcome === 'stale') return error === failures.stopped.kind ? 'unknown' : 'failed'
    return this.#answered ? 'passed' : 'unknown'
  }

  // ---- deadlines

  #touch(now: number): void {
    this.#progress = this.#account.bytesIn + this.#account.bytesOut
    this.#progressAt = now
  }

  /** Called on every beat. Progress is bytes moved since the beat before, in either direction. */
  sweep(now: number): void {
    if (this.finished) return
    const { limits } = this.#relay
    const attempt = this.#attempt
    if (attempt === null) {
      if (this.#account.parked(now) >= limits.parkMs) this.refuse(failures.noInstance)
      return
    }
    if (!attempt.sent) {
      if (now - attempt.sinceMs < limits.connectMs) return
      attempt.connection?.destroy()
      return this.connectFailed(`no connection within ${limits.connectMs} ms`)
    }
    if (this.#account.bytesIn + this.#account.bytesOut !== this.#progress) return this.#touch(now)
    const still = now - this.#progressAt
    if (this.#account.status !== 0) {
      // A quiet stream is the app's right; a client that takes nothing of what is ready for it is not.
      if (still >= limits.stallMs && this.#front.congested()) this.#giveUpOnClient()
    } else if (!this.#body.complete && attempt.connection?.socket.writableNeedDrain === false) {
      if (still >= limits.bodyMs && !this.head.expectContinue) this.refuse(failures.bodyTimeout)
      else if (still >= limits.bodyMs + limits.responseMs) this.#timeOut()
    } else if (still >= limits.responseMs && this.target.service.timeoutMs === null) this.#timeOut()
  }

  #due(): void {
    if (this.#attempt === null) this.refuse(failures.noInstance)
    else this.#timeOut()
  }

  #timeOut(): void {
    if (this.#deadline?.hurried !== true) this.#attempt?.blame('no answer in time', performance.now())
    this.refuse(failures.timeout)
  }

  #giveUpOnClient(): void {
    this.#drop()
    this.#finish('aborted', 'client-stalled')
    this.#front.cut()
  }
}
