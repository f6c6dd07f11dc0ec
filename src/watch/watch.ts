/** Opens the capabilities of the watch floor for `app.ts`: what machines ship goes in, what the API asks comes out. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Clock, systemClock } from '#base/clock.ts'
import type { SecretBox } from '#base/secretbox.ts'
import type { Bell } from '#kernel/bell.ts'
import type { Database } from '#kernel/db/db.ts'
import type { Handlers } from '#kernel/handlers.ts'
import type { Logger } from '#kernel/log.ts'
import type { Loop } from '#kernel/loop.ts'
import type { Choose } from '#run/apps/model.ts'
import { type Moment, type Reach, readApps } from '#run/apps/read.ts'
import { readMachines } from '#run/machines/read.ts'
import { alertRoutes } from './alerts/routes.ts'
import { dashboardRoutes } from './dashboards/routes.ts'
import { openDrains } from './drains/drains.ts'
import { openForwards } from './forwards/forwards.ts'
import { type Intake, openIntake } from './intake.ts'
import { journalRoutes } from './journal/routes.ts'
import type { Archive } from './logs/archive/port.ts'
import { openLogs } from './logs/logs.ts'
import { createOtlpLogSink } from './logs/otlp/sink.ts'
import type { LogReader } from './logs/port.ts'
import { mapRoutes } from './map/routes.ts'
import { openMetrics } from './metrics/metrics.ts'
import { otlpMetricsSink } from './metrics/otlp-sink.ts'
import type { MetricWriter } from './metrics/service.ts'
import { openOtlpDoor } from './otlp/door.ts'
import { openRules } from './rules/rules.ts'
import { openSelectors } from './selectors/routes.ts'
import { newestStats } from './resources/read.ts'
import { resourceRoutes } from './resources/routes.ts'
import { startRetention } from './retention.ts'
import { docsFolder } from './search/docs.ts'
import { searchRoutes } from './search/routes.ts'
import { openSearch } from './search/service.ts'
import { tonightRoutes } from './tonight/routes.ts'
import { traceSink } from './traces/from-otlp.ts'
import { traceRoutes } from './traces/routes.ts'
import { openTraces } from './traces/service.ts'
import { recentRates } from './traffic/read.ts'
import { trafficRoutes } from './traffic/routes.ts'

export type Watch = {
  intake: Intake
  /** `POST /otlp/v1/{logs,metrics,traces}` */
  otlpDoor: (request: IncomingMessage, response: ServerResponse) => boolean
  handlers: Handlers
  metrics: Pick<MetricWriter, 'write'>
  /** What we measure, in the text format of Prometheus; of some apps, or of all and the machines too. */
  exposition(apps: readonly string[] | null, now: Date): string
  /** Log lines of the past. */
  lines: LogReader['read']
  /** Samples and rates of the moment, for answers about apps. */
  moment(app?: string): Promise<Moment>
  /** What a query over machines and services matches. */
  choose: Choose
  start(): Loop[]
  close(): Promise<void>
}

export type WatchDeps = { db: Database; box: SecretBox; log: Logger; reach: Reach; changed: Bell; /** Where sealed log lines go; default: here. */ archive?: Archive | undefined; clock?: Clock }

export function openWatch({ db, box, log, reach, changed, archive, clock = systemClock }: WatchDeps): Watch {
  const metrics = openMetrics({ db, log, clock })
  const logs = openLogs({ db, log, clock, archive })
  const { reader } = logs
  const selectors = openSelectors(db, reach)
  const rules = openRules({ db, log, clock, tally: reader.tally })
  const drains = openDrains({ db, box, clock, log, lines: (app, after, signal) => reader.stream({ app }, { after, signal }) })
  const forwards = openForwards({ db, box, clock, log })

  async function moment(app?: string): Promise<Moment> {
    const now = clock.now()
    const [samples, rates] = await Promise.all([newestStats(db, now, { app }), recentRates(db, now, { app })])
    return { samples, rates }
  }

  const traces = openTraces(db, reader.read)
  const search = openSearch({ db, apps: () => readApps(db, reach, { samples: new Map(), rates: [] }), machines: () => readMachines(db), lines: reader.read, docsDir: docsFolder })

  const handlers: Handlers = {
    ...journalRoutes({ db, changed }),
    ...metrics.handlers,
    ...dashboardRoutes(db),
    ...selectors.handlers,
    ...rules.handlers,
    ...logs.handlers,
    ...drains.handlers,
    ...forwards.handlers,
    ...alertRoutes(db),
    ...trafficRoutes(db),
    ...resourceRoutes(db),
    ...tonightRoutes({ db, reach, moment }),
    ...traceRoutes(traces),
    ...searchRoutes(search),
    ...mapRoutes({ db, reach, moment }),
  }

  return {
    intake: openIntake({ db, clock, log, logs: logs.writer, metrics: metrics.writer, exposition: metrics.exposition, write: metrics.write, traces }),
    // one sink a signal; one that is left out is said to be not kept
    otlpDoor: openOtlpDoor({ box, clock, log, sinks: { logs: createOtlpLogSink(logs.writer), metrics: otlpMetricsSink({ write: metrics.writer.write }), traces: traceSink(traces) } }),
    handlers,
    metrics: { write: metrics.write },
    exposition: (apps, now) => metrics.exposition.text(apps, now),
    lines: reader.read,
    moment,
    choose: selectors.choose,
    start: () => [
      ...rules.start(),
      ...traces.start((error) => log.error({ err: error }, 'a turn of traces failed')),
      ...logs.start(),
      ...metrics.start(),
      drains.start(),
      forwards.start(),
      startRetention(db, log),
    ],
    async close() {
      await traces.close(clock.now()).catch((error: unknown) => log.warn({ err: error }, 'the last traces could not be written'))
      await metrics.close()
      await logs.close()
    },
  }
}
