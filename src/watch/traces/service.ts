/**
 * Spans come in, wait in memory until their trace is silent, and are written when it is worth it. They are a sample and not a
 * record: what waits when control dies is lost, which the proxies' counts and the access log do not share.
 */
import { AppError } from '#base/errors.ts'
import type { Trace, TraceList, TracesQuery } from '#contract/traces.ts'
import { type SpanBatch, logStreams } from '#contract/wire.ts'
import type { Database } from '#kernel/db/db.ts'
import { type Loop, startLoop } from '#kernel/loop.ts'
import type { LogReader } from '#watch/logs/port.ts'
import { type NewSpan, proxySpan } from './model.ts'
import { listTraces, readSpans, traceDurations } from './read.ts'
import { TailSampler, tailLimits, type TailLimits } from './tail.ts'
import { TraceWriter } from './writer.ts'

export type Traces = {
  /** Of the proxies. */
  ingest(batch: SpanBatch, now: Date): void
  /** Of apps, well formed. */
  add(spans: readonly NewSpan[], now: Date): void
  /** Spans that were refused or lost on their way. */
  count(because: string, spans: number): void
  list(query: TracesQuery, apps: readonly string[] | null, now: Date): Promise<TraceList>
  read(traceId: string, apps: readonly string[] | null): Promise<Trace>
  /** Writes what is due; everything with `all`. How many traces. */
  write(now: Date, all?: boolean): Promise<number>
  start(onError: (error: unknown) => void): Loop[]
  close(now: Date): Promise<void>
}

export type TraceOptions = { limits?: TailLimits; keptDays?: number; maxBytes?: number }

const mostBatch = 2_000

export function openTraces(db: Database, lines: LogReader['read'], { limits = tailLimits, keptDays = 3, maxBytes = 2 * 1024 ** 3 }: TraceOptions = {}): Traces {
  const sampler = new TailSampler(limits)
  const writer = new TraceWriter({ db, sampler, keptDays, maxBytes })

  return {
    ingest(batch, now) {
      if (!Array.isArray(batch?.spans) || batch.spans.length > mostBatch) throw new AppError('invalid', `a batch of spans has a list of ${mostBatch} at most`)
      const spans = batch.spans.map((span) => proxySpan(span, now.getTime()))
      const good = spans.filter((span) => span !== null)
      sampler.count('malformed', spans.length - good.length)
      sampler.count('lost at the proxy', Number.isSafeInteger(batch.dropped) && batch.dropped > 0 ? batch.dropped : 0)
      sampler.add(good, now.getTime())
    },
    add: (spans, now) => sampler.add(spans, now.getTime()),
    count: (because, spans) => sampler.count(because, spans),
    async list(query, apps, now) {
      const [traces, durations] = await Promise.all([listTraces(db, query, apps, now), traceDurations(db, query, apps, now)])
      return { traces, durations, sampling: { received: sampler.received, stored: writer.stored, dropped: { ...sampler.dropped } } }
    },
    async read(traceId, apps) {
      const { spans, partial } = await readSpans(db, traceId, apps)
      const since = new Date(Math.min(...spans.map((span) => span.atMs)) - 60_000)
      const until = new Date(Math.max(...spans.map((span) => span.atMs + span.durationMs)) + 60_000)
      const page = await lines({ apps, text: traceId, streams: logStreams, since, until, limit: 200, budgetMs: 1_000 })
      return { traceId, spans, partial, lines: page.lines }
    },
    write: (now, all) => writer.write(now, all),
    start: (onError) => [
      startLoop({ name: 'traces.write', periodMs: 2_000, onError, turn: async (now) => ({ actions: (await writer.write(now)) > 0 ? ['wrote the traces that were silent'] : [], waiting: writer.isFull ? [`spans are not stored, because today's alone are more than ${maxBytes} bytes`] : [] }) }),
      startLoop({ name: 'traces.tidy', periodMs: 5 * 60_000, onError, turn: async (now) => ({ actions: await writer.tidy(now), waiting: [] }) }),
    ],
    close: async (now) => void (await writer.write(now, true)),
  }
}
