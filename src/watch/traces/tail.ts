/**
 * Tail sampling: spans wait until their trace has been silent for a while, then the whole trace is kept or not. What failed and
 * what was slow is kept first; of the others a budget, and beyond it one in so many. Pure but for the state it holds; time is given.
 *
 * Bounded: spans and their bytes in all, spans a trace (those that come late, too), and how many decisions are remembered for spans that come
 * late. What is full decides its oldest trace early, so that nothing waits for nothing.
 */
import type { KeptReason } from '#contract/traces.ts'
import { type NewSpan, bytesOf, reasonOf } from './model.ts'

export type TailLimits = {
  silentMs: number
  /** A trace that goes on and on is decided by then; what follows goes the same way. */
  longestMs: number
  spans: number
  /** Of waiting spans, and as many again of those that are kept and not written yet. */
  bytes: number
  spansPerTrace: number
  decisions: number
  /** Traces of one app that are kept, by why, in the long run and at once. */
  perSecond: Readonly<Record<KeptReason, number>>
  burstSeconds: number
  /** Of ordinary ones beyond the budget, one in so many. */
  oneIn: number
}

export const tailLimits: TailLimits = { silentMs: 5_000, longestMs: 30_000, spans: 20_000, bytes: 32 * 1024 * 1024, spansPerTrace: 1_000, decisions: 50_000, perSecond: { error: 20, slow: 10, sampled: 5 }, burstSeconds: 20, oneIn: 100 }

export type KeptTrace = { traceId: string; because: KeptReason; spans: NewSpan[] }
type Waiting = { firstMs: number; lastMs: number; spans: Map<string, NewSpan>; bytes: number }
/** `because` null: it was not kept. `spans`: how many of it were. */
type Decision = { because: KeptReason | null; spans: number }
type Budget = { left: number; atMs: number }

export class TailSampler {
  readonly #limits: TailLimits
  /** By id, in order of their first span. */
  readonly #waiting = new Map<string, Waiting>()
  /** Oldest first. */
  readonly #decided = new Map<string, Decision>()
  readonly #budgets = new Map<string, Budget>()
  #held = 0
  #heldBytes = 0
  #ready: KeptTrace[] = []
  #readyBytes = 0
  #readySpans = 0
  received = 0
  readonly dropped: Record<string, number> = {}

  constructor(limits: TailLimits = tailLimits) {
    this.#limits = limits
  }

  add(spans: readonly NewSpan[], nowMs: number): void {
    for (const span of spans) {
      this.received++
      const decision = this.#decided.get(span.traceId)
      if (decision !== undefined) this.#late(span, decision, nowMs)
      else this.#wait(span, nowMs)
    }
  }

  /** Traces to be written now, each once. `all`: the end has come, decide everything. */
  take(nowMs: number, all = false): KeptTrace[] {
    for (const [traceId, { firstMs, lastMs }] of this.#waiting) {
      if (all || nowMs - lastMs >= this.#limits.silentMs || nowMs - firstMs >= this.#limits.longestMs) this.#decide(traceId, nowMs)
    }
    const ready = this.#ready
    this.#ready = []
    this.#readyBytes = 0
    this.#readySpans = 0
    return ready
  }

  get waiting(): number {
    return this.#held
  }

  count(because: string, spans: number): void {
    if (spans > 0) this.dropped[because] = (this.dropped[because] ?? 0) + spans
  }

  /** An error that comes late is worth its trace all the same, if the app can afford it, though the rest of it is gone. */
  #late(span: NewSpan, decision: Decision, nowMs: number): void {
    if (decision.because === null) {
      if (span.status !== 'error') return this.count('not sampled', 1)
      if (!this.#afford(span, 'error', nowMs)) return this.count('too many at once (error)', 1)
      Object.assign(decision, { because: 'error', spans: 0 })
    }
    if (decision.spans >= this.#limits.spansPerTrace) return this.count('too many of one trace', 1)
    decision.spans++
    this.#keep({ traceId: span.traceId, because: decision.because as KeptReason, spans: [span] }, bytesOf(span))
  }

  /** For the next write, as long as that is not too much already. */
  #keep(trace: KeptTrace, bytes: number): void {
    const { spans, bytes: most } = this.#limits
    if (this.#readySpans + trace.spans.length > spans || this.#readyBytes + bytes > most) return this.count('too many at once', trace.spans.length)
    this.#readySpans += trace.spans.length
    this.#readyBytes += bytes
    this.#ready.push(trace)
  }

  #wait(span: NewSpan, nowMs: number): void {
    let trace = this.#waiting.get(span.traceId)
    if (trace === undefined) {
      trace = { firstMs: nowMs, lastMs: nowMs, spans: new Map(), bytes: 0 }
      this.#waiting.set(span.traceId, trace)
    }
    trace.lastMs = nowMs
    if (trace.spans.has(span.spanId)) return // sent twice
    if (trace.spans.size >= this.#limits.spansPerTrace) return this.count('too many of one trace', 1)
    trace.spans.set(span.spanId, span)
    const bytes = bytesOf(span)
    trace.bytes += bytes
    this.#held++
    this.#heldBytes += bytes
    while (this.#held > this.#limits.spans || (this.#heldBytes > this.#limits.bytes && this.#held > 1)) this.#decide(this.#waiting.keys().next().value as string, nowMs)
  }

  #decide(traceId: string, nowMs: number): void {
    const trace = this.#waiting.get(traceId) as Waiting
    this.#waiting.delete(traceId)
    this.#held -= trace.spans.size
    this.#heldBytes -= trace.bytes
    const spans = [...trace.spans.values()]
    const because = reasonOf(spans)
    const kept = this.#afford(spans[0] as NewSpan, because, nowMs) || (because === 'sampled' && isOneIn(traceId, this.#limits.oneIn))
    this.#remember(traceId, kept ? { because, spans: spans.length } : { because: null, spans: 0 })
    if (kept) this.#keep({ traceId, because, spans }, trace.bytes)
    else this.count(because === 'sampled' ? 'not sampled' : `too many at once (${because})`, spans.length)
  }

  #afford({ app, environment }: NewSpan, because: KeptReason, nowMs: number): boolean {
    const rate = this.#limits.perSecond[because]
    const key = `${because} ${app}/${environment}`
    const budget = this.#budgets.get(key) ?? { left: rate * this.#limits.burstSeconds, atMs: nowMs }
    budget.left = Math.min(rate * this.#limits.burstSeconds, budget.left + ((nowMs - budget.atMs) / 1_000) * rate)
    budget.atMs = nowMs
    this.#budgets.set(key, budget)
    if (budget.left < 1) return false
    budget.left--
    return true
  }

  #remember(traceId: string, decision: Decision): void {
    this.#decided.set(traceId, decision)
    if (this.#decided.size > this.#limits.decisions) this.#decided.delete(this.#decided.keys().next().value as string)
  }
}

/** The same traces wherever it is asked: by the last digits of the id, which are random (Level 2, §3.2.2.3). */
function isOneIn(traceId: string, n: number): boolean {
  return Number.parseInt(traceId.slice(-8), 16) % n === 0
}
