/**
 * Taking log lines in. One writer a process: batches that arrive while a transaction is under way go together into the
 * next one, so that the cost of a commit is shared and nobody waits for more than two. An answer means: on disk.
 */
import type { PoolClient } from 'pg'
import { type Clock, systemClock } from '#base/clock.ts'
import { AppError } from '#base/errors.ts'
import type { LogBatch } from '#contract/wire.ts'
import type { Database } from '#kernel/db/db.ts'
import { KeptConnection } from './kept-connection.ts'
import { planIngest } from './plan.ts'
import { appendLines, lockForIngest, saveSources } from './store.ts'

export type IngestResult = {
  stored: number
  /** Lines that were stored before, and are not again. */
  repeated: number
  dropped: number
  /** Batches that cannot be stored however often they are sent. */
  refused: { source: string; because: string }[]
}

export type LogWriter = {
  /** Resolves when every line is stored. Throws `unavailable` when none is: send the same again. */
  ingest(batches: readonly LogBatch[]): Promise<IngestResult>
  /** Finishes what is under way. */
  close(): Promise<void>
}

type Job = { batches: readonly LogBatch[]; size: number; resolve: (result: IngestResult) => void; reject: (error: unknown) => void }

/** Of text; what one transaction takes, and what may wait in memory. */
const maxFlush = 8 * 1024 * 1024
const maxWaiting = 64 * 1024 * 1024

export function createLogWriter(db: Database, clock: Clock = systemClock): LogWriter {
  const connection = new KeptConnection(db)
  const waiting: Job[] = []
  let waitingSize = 0
  let flushing: Promise<void> | undefined
  let closed = false

  async function flushAll() {
    try {
      while (waiting.length > 0) {
        const jobs = nextJobs()
        try {
          const results = await connection.transaction((client) => storeIn(client, jobs.map((job) => job.batches), clock.now()))
          jobs.forEach((job, at) => job.resolve(results[at] as IngestResult))
        } catch (error) {
          const away = new AppError('unavailable', 'log lines could not be stored; send them again', { cause: error, retryAfterSeconds: 1 })
          for (const job of jobs) job.reject(away)
        }
      }
    } finally {
      flushing = undefined // in the same breath as the last look at `waiting`, so that no job is left behind
    }
  }

  function nextJobs(): Job[] {
    let size = 0
    let count = 0
    while (count < waiting.length && (count === 0 || size + (waiting[count] as Job).size <= maxFlush)) size += (waiting[count++] as Job).size
    waitingSize -= size
    return waiting.splice(0, count)
  }

  return {
    ingest(batches) {
      if (closed) return Promise.reject(new AppError('unavailable', 'the log writer is closing'))
      const size = sizeOf(batches)
      if (waitingSize + size > maxWaiting && waiting.length > 0)
        return Promise.reject(new AppError('unavailable', `${waitingSize} bytes of log lines wait to be stored; send them again`, { retryAfterSeconds: 1 }))
      return new Promise((resolve, reject) => {
        waiting.push({ batches, size, resolve, reject })
        waitingSize += size
        flushing ??= flushAll()
      })
    },
    async close() {
      closed = true
      await flushing
      connection.close()
    },
  }
}

/** About what they take in memory; they are not checked yet. */
function sizeOf(batches: readonly LogBatch[]): number {
  return batches.reduce((sum, batch) => sum + (batch.entries?.reduce((bytes, entry) => bytes + (entry?.text?.length ?? 0) + 50, 0) ?? 0), 0)
}

/** One transaction's worth. Each job is planned on what the ones before it leave behind. */
async function storeIn(client: PoolClient, jobs: (readonly LogBatch[])[], now: Date): Promise<IngestResult[]> {
  const sources = new Set<string>()
  for (const job of jobs) for (const batch of job) if (typeof batch.source === 'string' && !batch.source.includes('\0') && batch.source.isWellFormed()) sources.add(batch.source)
  const { nextLine, part, stored } = await lockForIngest(client, [...sources])
  const positions = new Map([...stored].map(([source, { position }]) => [source, position]))
  const plans = jobs.map((job) => {
    const plan = planIngest(job, positions, now)
    for (const { source, position } of plan.sources) positions.set(source, position)
    return plan
  })
  const changes = new Map<string, (typeof plans)[number]['sources'][number]>()
  for (const plan of plans)
    for (const change of plan.sources) changes.set(change.source, { ...change, dropped: change.dropped + (changes.get(change.source)?.dropped ?? 0) })
  const lines = plans.flatMap((plan) => plan.lines)
  if (changes.size > 0) {
    const ids = await saveSources(client, [...changes.values()], stored, now)
    if (lines.length > 0) await appendLines(client, part, nextLine, lines, ids)
  }
  return plans.map((plan) => ({ stored: plan.lines.length, repeated: plan.repeated, dropped: plan.dropped, refused: plan.refused }))
}
