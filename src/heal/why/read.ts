import type { Why } from '#contract/healing.ts'
import type { Database } from '#kernel/db/db.ts'
import { listAlerts } from '#watch/alerts/read.ts'
import { readBake } from '#heal/bake/read.ts'
import { pauseOf, pauseView } from '#heal/pauses/model.ts'
import { openPauses } from '#heal/pauses/read.ts'
import { listRemediations, readStop } from '#heal/remediations/read.ts'
import { assertService } from '#run/apps/model.ts'
import { type Moment, type Reach, readApp } from '#run/apps/read.ts'
import { listChanges } from '#watch/journal/read.ts'
import type { LogReader } from '#watch/logs/port.ts'
import { whyOf } from './why.ts'

const mostChanges = 5
const mostLines = 12
const mostRemediations = 5

export type WhyDeps = { db: Database; reach: Reach; moment: (app?: string) => Promise<Moment>; lines: LogReader['read'] }

/** `not-found` when the app has no such service. */
export async function readWhy({ db, reach, moment, lines }: WhyDeps, of: { app: string; environment: string; service: string }, now: Date): Promise<Why> {
  const { app: name, environment } = of
  const app = await readApp(db, reach, await moment(name), name, environment)
  assertService(app.services.map((one) => one.name), of.service, name)
  const service = app.services.find((one) => one.name === of.service) as (typeof app.services)[number]
  const unready = service.instances.find((instance) => instance.kind === 'service' && instance.state !== 'ready')
  const seen = { apps: [name], app: name, environment }
  const [remediations, alerts, bake, changes, page, stopped, pauses] = await Promise.all([
    listRemediations(db, { ...seen, service: of.service, limit: mostRemediations }),
    listAlerts(db, { apps: [name], app: name, open: true, limit: 100 }),
    readBake(db, name, environment, now),
    listChanges(db, seen, { limit: mostChanges }),
    unready ? lines({ app: name, environment, service: of.service, instance: unready.name, limit: mostLines }) : null,
    readStop(db),
    openPauses(db, now),
  ])
  const alert = alerts.find((one) => one.environment === environment && one.service === of.service) ?? null
  const pause = pauseOf(pauses, of, now)
  return whyOf({ app, service, remediations, alert, bake, changes, lines: page?.lines ?? [], stopped, pause: pause && pauseView(pause), now })
}
