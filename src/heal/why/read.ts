import type { AppWhy, Why } from '#contract/healing.ts'
import type { AppDetail, ServiceSummary } from '#contract/model.ts'
import type { Database } from '#kernel/db/db.ts'
import { listAlerts } from '#watch/alerts/read.ts'
import { readBake } from '#heal/bake/read.ts'
import { pauseOf, pauseView } from '#heal/pauses/model.ts'
import { openPauses } from '#heal/pauses/read.ts'
import { listRemediations, readStop } from '#heal/remediations/read.ts'
import { assertService } from '#run/apps/model.ts'
import { type Moment, type Reach, readApp } from '#run/apps/read.ts'
import { listBuilds } from '#run/builds/read.ts'
import { eventsSince, listChanges } from '#watch/journal/read.ts'
import type { LogReader } from '#watch/logs/port.ts'
import { appWhyOf } from './app-why.ts'
import { whyOf } from './why.ts'

const mostChanges = 5
const mostLines = 12
const mostRemediations = 5
const endsWithinMs = 3_600_000

export type WhyDeps = { db: Database; reach: Reach; moment: (app?: string) => Promise<Moment>; lines: LogReader['read'] }
type Place = { app: string; environment: string }

/** `not-found` when the app has no such service. */
export async function readWhy(deps: WhyDeps, of: Place & { service: string }, now: Date): Promise<Why> {
  const app = await readApp(deps.db, deps.reach, await deps.moment(of.app), of.app, of.environment)
  assertService(app.services.map((one) => one.name), of.service, of.app)
  const service = app.services.find((one) => one.name === of.service) as ServiceSummary
  return whyOfService(deps, await readKnown(deps.db, of, now), app, service, now)
}

export async function readAppWhy(deps: WhyDeps, of: Place, now: Date): Promise<AppWhy> {
  const app = await readApp(deps.db, deps.reach, await deps.moment(of.app), of.app, of.environment)
  const [known, [build]] = [await readKnown(deps.db, of, now), await listBuilds(deps.db, of, 1)]
  return appWhyOf(app, await Promise.all(app.services.map((service) => whyOfService(deps, known, app, service, now))), build ?? null)
}

/** What is known of the whole environment, for each of its services alike. */
async function readKnown(db: Database, { app, environment }: Place, now: Date) {
  const seen = { apps: [app], app, environment }
  const [alerts, bake, changes, events, stopped, pauses] = await Promise.all([
    listAlerts(db, { apps: [app], app, open: true, limit: 100 }),
    readBake(db, app, environment, now),
    listChanges(db, seen, { limit: mostChanges }),
    eventsSince(db, { ...seen, kind: 'instance' }, new Date(now.getTime() - endsWithinMs)),
    readStop(db),
    openPauses(db, now),
  ])
  return { alerts, bake, changes, events, stopped, pauses }
}

async function whyOfService({ db, lines }: WhyDeps, known: Awaited<ReturnType<typeof readKnown>>, app: AppDetail, service: ServiceSummary, now: Date): Promise<Why> {
  const of = { app: app.name, environment: app.environment, service: service.name }
  const unready = service.instances.find((instance) => instance.kind === 'service' && instance.state !== 'ready')
  const [remediations, page] = await Promise.all([
    listRemediations(db, { ...of, apps: [app.name], limit: mostRemediations }),
    unready ? lines({ ...of, instance: unready.name, limit: mostLines }) : null,
  ])
  const { bake, changes, events, stopped } = known
  const alert = known.alerts.find((one) => one.environment === of.environment && one.service === of.service) ?? null
  const pause = pauseOf(known.pauses, of, now)
  return whyOf({ app, service, remediations, alert, bake, changes, events, lines: page?.lines ?? [], stopped, pause: pause && pauseView(pause), now })
}
