/** Writes traces that are kept, as far as there is room, into a partition a day; and drops days that are too old or too much. */
import type { Database } from '#kernel/db/db.ts'
import { type NewSpan, bytesOf } from './model.ts'
import { DayShares } from './shares.ts'
import { type DayPartition, dayOf, dayPartitions, dropDay, ensureDays, insertSpans, mergeTraces } from './store.ts'
import { traceRows } from './summary.ts'
import type { KeptTrace, TailSampler } from './tail.ts'

const batchSpans = 5_000

export class TraceWriter {
  readonly #db: Database
  readonly #sampler: TailSampler
  readonly #keptDays: number
  readonly #maxBytes: number
  readonly #shares: DayShares
  /** Whose partitions are there. */
  readonly #days = new Set<number>()
  /** Spans, since control started. */
  stored = 0
  /** Today's alone are too much: nothing is written. */
  isFull = false

  constructor({ db, sampler, keptDays, maxBytes }: { db: Database; sampler: TailSampler; keptDays: number; maxBytes: number }) {
    this.#db = db
    this.#sampler = sampler
    this.#keptDays = keptDays
    this.#maxBytes = maxBytes
    this.#shares = new DayShares(maxBytes)
  }

  /** What is due; everything with `all`. How many traces. */
  async write(now: Date, all = false): Promise<number> {
    const due = this.#sampler.take(now.getTime(), all)
    const affordable = due.filter((trace) => {
      const { app } = trace.spans[0] as NewSpan
      if (this.#shares.take(app, trace.spans.reduce((sum, span) => sum + bytesOf(span), 0), dayOf(now.getTime()))) return true
      this.#sampler.count('no room for its app today', trace.spans.length)
      return false
    })
    for (const traces of inBatches(affordable)) {
      const count = traces.reduce((sum, trace) => sum + trace.spans.length, 0)
      if (this.isFull) this.#sampler.count('no room', count)
      else
        await this.#save(traces).catch((error: unknown) => {
          this.#sampler.count('not written', count)
          this.#days.clear() // a day may have been dropped under us
          throw error
        })
    }
    return due.length
  }

  async #save(traces: readonly KeptTrace[]): Promise<void> {
    const spans = traces.flatMap((trace) => trace.spans)
    const missing = new Set(spans.map((span) => dayOf(span.atMs)).filter((day) => !this.#days.has(day)))
    await ensureDays(this.#db, missing)
    for (const day of missing) this.#days.add(day)
    await this.#db.transaction(async (tx) => {
      await insertSpans(tx, spans)
      await mergeTraces(tx, traces.flatMap(traceRows))
    })
    this.stored += spans.length
  }

  /** Says what it dropped. */
  async tidy(now: Date): Promise<string[]> {
    const partitions = await dayPartitions(this.#db)
    const dropped = beyond(partitions, now, this.#keptDays, this.#maxBytes)
    for (const partition of dropped) {
      await dropDay(this.#db, partition)
      this.#days.delete(partition.day)
    }
    this.isFull = partitions.filter((one) => !dropped.includes(one)).reduce((sum, one) => sum + one.bytes, 0) > this.#maxBytes
    return dropped.map(({ name }) => `dropped ${name}, because it is older than ${this.#keptDays} days or beyond ${this.#maxBytes} bytes`)
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
