/** Opens the capabilities of the watch floor for `app.ts`: what machines ship goes in, what the API asks comes out. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Clock, systemClock } from '#base/clock.ts'
import type { SecretBox } from '#base/secretbox.ts'
import type { FactBatch, LogBatch, SpanBatch, StatBatch, TrafficBatch } from '#contract/wire.ts'
import type { Bell } from '#kernel/bell.ts'
import type { Database, Db } from '#kernel/db/db.ts'
import type { Handlers } from '#kernel/handlers.ts'
import type { Logger } from '#kernel/log.ts'
import { type Loop, startLoop } from '#kernel/loop.ts'
import type { Choose } from '#run/apps/model.ts'
import { type Moment, type Reach, readApps } from '#run/apps/read.ts'
import { readMachines } from '#run/machines/read.ts'
import { dashboardRoutes } from './dashboards/routes.ts'
import { startDrains } from './drains/loop.ts'
import { drainRoutes } from './drains/routes.ts'
import { openDrainService } from './drains/service.ts'
import { eventsSince } from './journal/read.ts'
import { journalRoutes } from './journal/routes.ts'
import { ingestFacts } from './journal/service.ts'
import type { Archive } from './logs/archive/port.ts'
import { createArchiveReader } from './logs/archive/reader.ts'
import { startLogSealing, startLogTidying } from './logs/loop.ts'
import type { LogReader } from './logs/port.ts'
import { createOtlpLogSink } from './logs/otlp/sink.ts'
import { createLogReader } from './logs/read.ts'
import { keepingRoutes } from './logs/keeping/routes.ts'
import { logRoutes } from './logs/routes.ts'
import { createLogWriter } from './logs/service.ts'
import { readMap } from './map/service.ts'
import { samplesOfFacts, samplesOfStats, samplesOfTraffic } from './metrics/collect.ts'
import { Exposition } from './metrics/exposition.ts'
import { startMetricSealing, startMetricTidying } from './metrics/loop.ts'
import { otlpMetricsSink } from './metrics/otlp-sink.ts'
import { metricRoutes } from './metrics/routes.ts'
import { type MetricWriter, createMetricWriter } from './metrics/service.ts'
import { openOtlpDoor } from './otlp/door.ts'
import type { Sample } from './metrics/model.ts'
import { samplesOfScrape } from './metrics/scrapes.ts'
import { queryMetrics } from './metrics/read.ts'
import { startRules } from './rules/loop.ts'
import type { QueryMetrics } from './rules/model.ts'
import { ruleRoutes } from './rules/routes.ts'
import { startSlos } from './rules/slo/loop.ts'
import { sloRoutes } from './rules/slo/routes.ts'
import { openSelectors } from './selectors/routes.ts'
import { newestStats, readResources } from './resources/read.ts'
import { ingestStats, statsKeptMs } from './resources/service.ts'
import { dropOldStats } from './resources/store.ts'
import { docsFolder } from './search/docs.ts'
import { openSearch } from './search/service.ts'
import { missingSecrets } from './tonight/read.ts'
import { tonight } from './tonight/tonight.ts'
import { traceSink } from './traces/from-otlp.ts'
import { openTraces } from './traces/service.ts'
import { readTraffic, recentRates, sparklines } from './traffic/read.ts'
import { ingestTraffic, trafficKeptMs } from './traffic/service.ts'
import { dropOldTraffic } from './traffic/store.ts'

/** What agents and proxies ship; resolves when it is stored. */
export type Intake = {
  logs(batches: LogBatch[]): Promise<unknown>
  facts(batch: FactBatch): Promise<unknown>
  stats(batch: StatBatch): Promise<unknown>
  traffic(batch: TrafficBatch): Promise<unknown>
  spans(batch: SpanBatch): Promise<unknown>
  /** Apps' own metrics, as an agent read them. */
  scrapes(body: unknown): void
}

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
  const metrics = createMetricWriter({ db, log, clock })
  const exposition = new Exposition()
  const write = (samples: readonly Sample[]) => {
    metrics.write(samples)
    exposition.note(samples)
  }
  /** Stores in the transaction of the caller, and shows once that is done. */
  async function storing(work: (store: (tx: Db, samples: readonly Sample[]) => Promise<void>) => Promise<unknown>): Promise<unknown> {
    let stored: readonly Sample[] = []
    const result = await work((tx, samples) => metrics.store(tx, (stored = samples)))
    exposition.note(stored)
    return result
  }
  const writer = createLogWriter(db)
  const reader = archive === undefined ? createLogReader(db) : createArchiveReader(db, archive)
  const selectors = openSelectors(db, reach)
  let drainLoop: Loop | undefined
  let ruleLoop: Loop | undefined
  let sloLoops: Loop[] = []
  const query: QueryMetrics = (asked, apps) => queryMetrics(db, asked, apps, clock.now())
  const drains = openDrainService({ db, box, changed: () => drainLoop?.wake() })

  async function moment(app?: string): Promise<Moment> {
    const now = clock.now()
    const [samples, rates] = await Promise.all([newestStats(db, now, { app }), recentRates(db, now, { app })])
    return { samples, rates }
  }

  const traces = openTraces(db, reader.read)
  const search = openSearch({ db, apps: () => readApps(db, reach, { samples: new Map(), rates: [] }), machines: () => readMachines(db), lines: reader.read, docsDir: docsFolder })

  /** What can never be stored is answered as stored, so that it holds nothing up; here is where it can still be read. */
  async function noted<T extends { refused: readonly object[] }>(result: Promise<T>): Promise<T> {
    const { refused } = await result
    if (refused.length > 0) log.error({ refused: refused.slice(0, 5), count: refused.length }, 'a machine sent what cannot be stored')
    return result
  }

  const handlers: Handlers = {
    ...journalRoutes({ db, changed }),
    ...metricRoutes(db),
    ...dashboardRoutes(db),
    ...selectors.handlers,
    ...ruleRoutes({ db, query, wake: () => ruleLoop?.wake() }),
    ...sloRoutes({ db, wake: () => sloLoops[0]?.wake() }),
    ...logRoutes(reader),
    ...drainRoutes(drains),
    ...keepingRoutes(db),
    'traffic.read': ({ query }, { caller, now }) => readTraffic(db, { ...query, apps: caller.apps }, now),
    'resources.read': ({ params, query }, { now }) => readResources(db, params.app, query.environment, query.minutes, now),
    'tonight.read': async (_, { caller, now }) => {
      const seen = { apps: caller.apps }
      const [apps, events, machines, lines, missing] = await Promise.all([
        moment().then((current) => readApps(db, reach, current, seen)),
        eventsSince(db, seen, new Date(now.getTime() - 24 * 3_600_000)),
        caller.apps === null ? readMachines(db) : [],
        sparklines(db, now, { minutes: 60, count: 30, apps: caller.apps }),
        missingSecrets(db, caller.apps),
      ])
      return tonight({ apps, events, machines, missingSecrets: missing, sparklines: lines, now })
    },
    'traces.list': ({ query }, { caller, now }) => traces.list(query, caller.apps, now),
    'traces.read': ({ params }, { caller }) => traces.read(params.trace, caller.apps),
    'search.read': ({ query }, { caller, now }) => search(query, caller.apps, now),
    'map.read': ({ query }, { caller, now }) => readMap(db, async () => readApps(db, reach, await moment(), { apps: caller.apps }), { at: query.at === undefined ? null : new Date(query.at), apps: caller.apps, now }),
  }

  return {
    intake: {
      logs: (batches) => noted(writer.ingest(batches)),
      facts: async (batch) => {
        await noted(ingestFacts(db, batch, clock.now()))
        write(samplesOfFacts(batch))
      },
      stats: (batch) => storing((store) => ingestStats(db, batch, clock.now(), (tx, taken) => store(tx, samplesOfStats(taken)))),
      traffic: (batch) => storing((store) => ingestTraffic(db, batch, clock.now(), (tx, taken) => store(tx, samplesOfTraffic(taken)))),
      scrapes: (body) => write(samplesOfScrape(body, clock.now())),
      spans: async (batch) => traces.ingest(batch, clock.now()),
    },
    // one sink a signal; one that is left out is said to be not kept
    otlpDoor: openOtlpDoor({ box, clock, log, sinks: { logs: createOtlpLogSink(writer), metrics: otlpMetricsSink({ write: metrics.write }), traces: traceSink(traces) } }),
    handlers,
    metrics: { write },
    exposition: (apps, now) => exposition.text(apps, now),
    lines: reader.read,
    moment,
    choose: selectors.choose,
    start: () => [
      (ruleLoop = startRules({ db, log, query })),
      ...(sloLoops = startSlos({ db, log })),
      ...traces.start((error) => log.error({ err: error }, 'a turn of traces failed')),
      startLogSealing(db, { archive, onError: (error) => log.error({ err: error }, 'sealing of logs failed') }),
      startMetricSealing(db, { onError: (error) => log.error({ err: error }, 'sealing of metrics failed') }),
      startMetricTidying(db, { onForgotten: metrics.forgetIds, onError: (error) => log.error({ err: error }, 'tidying of metrics failed') }),
      startLogTidying(db, { archive, onError: (error) => log.error({ err: error }, 'tidying of logs failed') }),
      (drainLoop = startDrains({ db, box, clock, log, lines: (app, after, signal) => reader.stream({ app }, { after, signal }) })),
      startLoop({
        name: 'retention',
        periodMs: 10 * 60_000,
        onError: (error) => log.error({ err: error }, 'retention turn failed'),
        turn: async (now) => {
          const traffic = await dropOldTraffic(db, new Date(now.getTime() - trafficKeptMs))
          const stats = await dropOldStats(db, new Date(now.getTime() - statsKeptMs))
          return { actions: traffic + stats > 0 ? [`forgot ${traffic} counts and ${stats} samples that were older than a day`] : [], waiting: [] }
        },
      }),
    ],
    async close() {
      await traces.close(clock.now()).catch((error: unknown) => log.warn({ err: error }, 'the last traces could not be written'))
      reader.close()
      archive?.close()
      await metrics.close()
      await writer.close()
    },
  }
}
