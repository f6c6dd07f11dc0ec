/** Opens the capabilities of the watch floor for `app.ts`: what machines ship goes in, what the API asks comes out. */
import { type Clock, systemClock } from '#base/clock.ts'
import type { FactBatch, LogBatch, StatBatch, TrafficBatch } from '#contract/wire.ts'
import type { Bell } from '#kernel/bell.ts'
import type { Database } from '#kernel/db/db.ts'
import type { Handlers } from '#kernel/handlers.ts'
import type { Logger } from '#kernel/log.ts'
import { type Loop, startLoop } from '#kernel/loop.ts'
import { type Moment, type Reach, readApps, summaryOf } from '#run/apps/read.ts'
import { readMachines } from '#run/fleet/routes.ts'
import { eventsSince } from './journal/read.ts'
import { journalRoutes } from './journal/routes.ts'
import { ingestFacts } from './journal/service.ts'
import { startLogSealing, startLogTidying } from './logs/loop.ts'
import { createLogReader } from './logs/read.ts'
import { logRoutes } from './logs/routes.ts'
import { createLogWriter } from './logs/service.ts'
import { mapView } from './map/map.ts'
import { newestStats, readResources } from './resources/read.ts'
import { ingestStats, statsKeptMs } from './resources/service.ts'
import { dropOldStats } from './resources/store.ts'
import { tonight } from './tonight/tonight.ts'
import { readTraffic, recentRates, sparklines } from './traffic/read.ts'
import { ingestTraffic, trafficKeptMs } from './traffic/service.ts'
import { dropOldTraffic } from './traffic/store.ts'

/** What agents and proxies ship; resolves when it is stored. */
export type Intake = {
  logs(batches: LogBatch[]): Promise<unknown>
  facts(batch: FactBatch): Promise<unknown>
  stats(batch: StatBatch): Promise<unknown>
  traffic(batch: TrafficBatch): Promise<unknown>
}

export type Watch = {
  intake: Intake
  handlers: Handlers
  /** Samples and rates of the moment, for answers about apps. */
  moment(app?: string): Promise<Moment>
  start(): Loop[]
  close(): Promise<void>
}

export function openWatch({ db, log, reach, changed, clock = systemClock }: { db: Database; log: Logger; reach: Reach; changed: Bell; clock?: Clock }): Watch {
  const writer = createLogWriter(db)
  const reader = createLogReader(db)

  async function moment(app?: string): Promise<Moment> {
    const now = clock.now()
    const [samples, rates] = await Promise.all([newestStats(db, now, { app }), recentRates(db, now, { app })])
    return { samples, rates }
  }

  const handlers: Handlers = {
    ...journalRoutes({ db, changed }),
    ...logRoutes(reader),
    'traffic.read': ({ query }, { caller, now }) => readTraffic(db, { ...query, apps: caller.apps }, now),
    'resources.read': ({ params, query }, { now }) => readResources(db, params.app, query.environment, query.minutes, now),
    'tonight.read': async (_, { caller, now }) => {
      const seen = { apps: caller.apps }
      const [apps, events, machines, lines, missingSecrets] = await Promise.all([
        moment().then((current) => readApps(db, reach, current, seen)),
        eventsSince(db, seen, new Date(now.getTime() - 24 * 3_600_000)),
        caller.apps === null ? readMachines(db) : [],
        sparklines(db, now, { minutes: 60, count: 30, apps: caller.apps }),
        readMissingSecrets(db, caller.apps),
      ])
      return tonight({ apps: apps.map(summaryOf), events, machines, missingSecrets, sparklines: lines, now })
    },
    'map.read': async (_, { caller, now }) => {
      const seen = { apps: caller.apps }
      const [apps, traffic, machines] = await Promise.all([moment().then((current) => readApps(db, reach, current, seen)), readTraffic(db, { ...seen, minutes: 1 }, now), readMachines(db)])
      return mapView(apps, traffic, machines)
    },
  }

  return {
    intake: {
      logs: (batches) => writer.ingest(batches),
      facts: (batch) => ingestFacts(db, batch),
      stats: (batch) => ingestStats(db, batch, clock.now()),
      traffic: (batch) => ingestTraffic(db, batch, clock.now()),
    },
    handlers,
    moment,
    start: () => [
      startLogSealing(db, { onError: (error) => log.error({ err: error }, 'sealing of logs failed') }),
      startLogTidying(db, { onError: (error) => log.error({ err: error }, 'tidying of logs failed') }),
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
      reader.close()
      await writer.close()
    },
  }
}

/** Environments whose newest rollout failed for want of a secret that is still not set. */
async function readMissingSecrets(db: Database, apps: readonly string[] | null): Promise<{ app: string; environment: string; names: string[]; since: string }[]> {
  const rows = await db.query<{ app: string; environment: string; names: string[]; started_at: Date }>(
    `SELECT o.app, o.environment, o.started_at, array_agg(DISTINCT needed.name) AS names
     FROM (SELECT DISTINCT ON (app, environment) * FROM rollouts ORDER BY app, environment, started_at DESC) o
     JOIN releases r ON r.app = o.app AND r.environment = o.environment AND r.number = o.release
     CROSS JOIN LATERAL (SELECT jsonb_array_elements_text(s.value->'secrets') AS name FROM jsonb_each(r.manifest->'services') s) needed
     WHERE o.state = 'failed' AND NOT r.secrets ? needed.name AND ($1::text[] IS NULL OR o.app = ANY ($1))
       AND NOT EXISTS (SELECT FROM (SELECT sealed FROM secret_versions v WHERE v.app = o.app AND v.environment = o.environment AND v.name = needed.name ORDER BY version DESC LIMIT 1) newest WHERE newest.sealed IS NOT NULL)
     GROUP BY 1, 2, 3`,
    [apps],
  )
  return rows.map((row) => ({ app: row.app, environment: row.environment, names: row.names, since: row.started_at.toISOString() }))
}
