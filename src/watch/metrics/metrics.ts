import type { Clock } from '#base/clock.ts'
import type { Database } from '#kernel/db/db.ts'
import type { Handlers } from '#kernel/handlers.ts'
import type { Logger } from '#kernel/log.ts'
import type { Loop } from '#kernel/loop.ts'
import { Exposition } from './exposition.ts'
import { startMetricSealing, startMetricTidying } from './loop.ts'
import type { Sample } from './model.ts'
import { metricRoutes } from './routes.ts'
import { type MetricWriter, createMetricWriter } from './service.ts'

export type Metrics = {
  writer: MetricWriter
  exposition: Exposition
  /** Stored a moment later, and shown at once. */
  write(samples: readonly Sample[]): void
  handlers: Handlers
  start(): Loop[]
  close(): Promise<void>
}

/** Metrics as a whole: what is stored, and the newest of it in the format of Prometheus. */
export function openMetrics({ db, log, clock }: { db: Database; log: Logger; clock: Clock }): Metrics {
  const writer = createMetricWriter({ db, log, clock })
  const exposition = new Exposition()
  return {
    writer,
    exposition,
    write(samples) {
      writer.write(samples)
      exposition.note(samples)
    },
    handlers: metricRoutes(db),
    start: () => [
      startMetricSealing(db, { onError: (error) => log.error({ err: error }, 'sealing of metrics failed') }),
      startMetricTidying(db, { onForgotten: writer.forgetIds, onError: (error) => log.error({ err: error }, 'tidying of metrics failed') }),
    ],
    close: writer.close,
  }
}
