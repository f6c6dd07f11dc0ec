/** What agents and proxies ship: each kind is stored by its capability, and what is measured in it is a point of the metric store in the same transaction. */
import type { Clock } from '#base/clock.ts'
import type { FactBatch, LogBatch, SpanBatch, StatBatch, TrafficBatch } from '#contract/wire.ts'
import type { Database, Db } from '#kernel/db/db.ts'
import type { Logger } from '#kernel/log.ts'
import { ingestFacts } from './journal/service.ts'
import type { LogWriter } from './logs/service.ts'
import { samplesOfFacts, samplesOfStats, samplesOfTraffic } from './metrics/collect.ts'
import type { Exposition } from './metrics/exposition.ts'
import type { Sample } from './metrics/model.ts'
import { samplesOfScrape } from './metrics/scrapes.ts'
import type { MetricWriter } from './metrics/service.ts'
import { ingestStats } from './resources/service.ts'
import type { Traces } from './traces/service.ts'
import { ingestTraffic } from './traffic/service.ts'

/** Each resolves when it is stored. */
export type Intake = {
  logs(batches: LogBatch[]): Promise<unknown>
  facts(batch: FactBatch): Promise<unknown>
  stats(batch: StatBatch): Promise<unknown>
  traffic(batch: TrafficBatch): Promise<unknown>
  spans(batch: SpanBatch): Promise<unknown>
  /** Apps' own metrics, as an agent read them. */
  scrapes(body: unknown): void
}

export type IntakeDeps = {
  db: Database
  clock: Clock
  log: Logger
  logs: Pick<LogWriter, 'ingest'>
  metrics: Pick<MetricWriter, 'store'>
  exposition: Pick<Exposition, 'note'>
  /** Samples that are stored a moment later, and shown at once. */
  write(samples: readonly Sample[]): void
  traces: Pick<Traces, 'ingest'>
}

export function openIntake({ db, clock, log, logs, metrics, exposition, write, traces }: IntakeDeps): Intake {
  /** Stores in the transaction of the caller, and shows once that is done. */
  async function storing(work: (store: (tx: Db, samples: readonly Sample[]) => Promise<void>) => Promise<unknown>): Promise<unknown> {
    let stored: readonly Sample[] = []
    const result = await work((tx, samples) => metrics.store(tx, (stored = samples)))
    exposition.note(stored)
    return result
  }

  /** What can never be stored is answered as stored, so that it holds nothing up; here is where it can still be read. */
  async function noted<T extends { refused: readonly object[] }>(result: Promise<T>): Promise<T> {
    const { refused } = await result
    if (refused.length > 0) log.error({ refused: refused.slice(0, 5), count: refused.length }, 'a machine sent what cannot be stored')
    return result
  }

  return {
    logs: (batches) => noted(logs.ingest(batches)),
    facts: async (batch) => {
      await noted(ingestFacts(db, batch, clock.now()))
      write(samplesOfFacts(batch))
    },
    stats: (batch) => storing((store) => ingestStats(db, batch, clock.now(), (tx, taken) => store(tx, samplesOfStats(taken)))),
    traffic: (batch) => storing((store) => ingestTraffic(db, batch, clock.now(), (tx, taken) => store(tx, samplesOfTraffic(taken)))),
    scrapes: (body) => write(samplesOfScrape(body, clock.now())),
    spans: async (batch) => traces.ingest(batch, clock.now()),
  }
}
