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
import { type NewSpan, bytesOf, proxySpan } from './model.ts'
import { listTraces, readSpans, traceDurations } from './read.ts'
import { DayShares } from './shares.ts'
import { type DayPartition, dayOf, dayPartitions, dropDay, ensureDays, insertSpans, mergeTraces } from './store.ts'
import { traceRows } from './summary.ts'
import { type KeptTrace, TailSampler, tailLimits, type TailLimits } from './tail.ts'

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

const batchSpans = 5_000
const mostBatch = 2_000

export function openTraces(db: Database, lines: LogReader['read'], { limits = tailLimits, keptDays = 3, maxBytes = 2 * 1024 ** 3 }: TraceOptions = {}): Traces {
  const sampler = new TailSampler(limits)
  const days = new Set<number>()
  const shares = new DayShares(maxBytes)
  let stored = 0
  let full = false

  async function save(traces: readonly KeptTrace[]): Promise<void> {
    const spans = traces.flatMap((trace) => trace.spans)
    const missing = new Set(spans.map((span) => dayOf(span.atMs)).filter((day) => !days.has(day)))
    await ensureDays(db, missing)
    for (const day of missing) days.add(day)
    await db.transaction(async (tx) => {
      await insertSpans(tx, spans)
      await mergeTraces(tx, traces.flatMap(traceRows))
    })
    stored += spans.length
  }

  async function write(now: Date, all = false): Promise<number> {
    const due = sampler.take(now.getTime(), all)
    const affordable = due.filter(({ spans }) => {
      const { app } = spans[0] as NewSpan
      if (shares.take(app, spans.reduce((sum, span) => sum + bytesOf(span), 0), dayOf(now.getTime()))) return true
      sampler.count('no room for its app today', spans.length)
      return false
    })
    for (const traces of inBatches(affordable)) {
      const count = traces.reduce((sum, trace) => sum + trace.spans.length, 0)
      if (full) sampler.count('no room', count)
      else
        await save(traces).catch((error: unknown) => {
          sampler.count('not written', count)
          days.clear() // a day may have been dropped under us
          throw error
        })
    }
    return due.length
  }

  async function tidy(now: Date): Promise<string[]> {
    const partitions = await dayPartitions(db)
    const dropped = beyond(partitions, now, keptDays, maxBytes)
    for (const partition of dropped) {
      await dropDay(db, partition)
      days.delete(partition.day)
    }
    full = partitions.filter((one) => !dropped.includes(one)).reduce((sum, one) => sum + one.bytes, 0) > maxBytes
    return dropped.map(({ name }) => `dropped ${name}, because it is older than ${keptDays} days or beyond ${maxBytes} bytes`)
  }

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
      return { traces, durations, sampling: { received: sampler.received, stored, dropped: { ...sampler.dropped } } }
    },
    async read(traceId, apps) {
      const { spans, partial } = await readSpans(db, traceId, apps)
      const since = new Date(Math.min(...spans.map((span) => span.atMs)) - 60_000)
      const until = new Date(Math.max(...spans.map((span) => span.atMs + span.durationMs)) + 60_000)
      const page = await lines({ apps, text: traceId, streams: logStreams, since, until, limit: 200, budgetMs: 1_000 })
      return { traceId, spans, partial, lines: page.lines }
    },
    write,
    start: (onError) => [
      startLoop({ name: 'traces.write', periodMs: 2_000, onError, turn: async (now) => ({ actions: (await write(now)) > 0 ? ['wrote the traces that were silent'] : [], waiting: full ? [`spans are not stored, because today's alone are more than ${maxBytes} bytes`] : [] }) }),
      startLoop({ name: 'traces.tidy', periodMs: 5 * 60_000, onError, turn: async (now) => ({ actions: await tidy(now), waiting: [] }) }),
    ],
    close: async (now) => void (await write(now, true)),
  }
}

/** Those that are too old, and of the others the oldest as long as all together are too much; today's stays. */
export function beyond(partitions: readonly DayPartition[], now: Date, keptDays: number, maxBytes: number): DayPartition[] {
  const today = dayOf(now.getTime())
  let bytes = partitions.reduce((sum, one) => sum + one.bytes, 0)
  return partitions.toSorted((a, b) => a.day - b.day).filter((one) => {
    if (one.day >= today || (one.day >= today - keptDays && bytes <= maxBytes)) return false
    bytes -= one.bytes
    return true
  })
}

function inBatches(traces: readonly KeptTrace[]): KeptTrace[][] {
  const batches: KeptTrace[][] = []
  let room = 0
  for (const trace of traces) {
    if (room < trace.spans.length) {
      batches.push([])
      room = batchSpans
    }
    batches.at(-1)?.push(trace)
    room -= trace.spans.length
  }
  return batches
}
