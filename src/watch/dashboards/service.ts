/** Commands on dashboards: checked, then one transaction with the event. */
import { AppError } from '#base/errors.ts'
import { nearest } from '#base/nearest.ts'
import type { Dashboard, DashboardSpec } from '#contract/dashboards.ts'
import type { Database } from '#kernel/db/db.ts'
import type { Caller } from '#kernel/handlers.ts'
import { record } from '#kernel/journal.ts'
import { unknownApps } from '#run/apps/read.ts'
import { countDashboards, readDashboard, readDashboards } from './read.ts'
import { deleteDashboard, saveDashboard } from './store.ts'

const mostDashboards = 300
/** Names of those that come with the console. */
const standard = ['app', 'machine']

/** Throws `not-found` for what is not there or not for the caller's eyes. */
export async function findDashboard(db: Database, id: string, caller: Caller): Promise<Dashboard> {
  const found = await readDashboard(db, id, caller.apps)
  if (found !== undefined) return found
  const meant = nearest(id, (await readDashboards(db, caller.apps)).map((one) => one.id))
  throw new AppError('not-found', `there is no dashboard "${id}"${meant === undefined ? '' : ` (did you mean ${meant}?)`} (see: nightshift dashboards)`)
}

/** Makes a dashboard, or puts it in place of the one with this id. */
export async function putDashboard(db: Database, id: string, spec: DashboardSpec, caller: Caller, now: Date): Promise<Dashboard> {
  const { apps, actor } = caller
  if (standard.includes(id)) throw new AppError('conflict', `"${id}" is a dashboard that comes with Nightshift (save it under another id)`)
  if (apps !== null && (spec.app === null || !apps.includes(spec.app))) throw new AppError('forbidden', `this token is limited to ${apps.join(', ')}: a dashboard it saves must be of one of these (set app)`)
  return db.transaction(async (tx) => {
    const { all, taken } = await countDashboards(tx, id)
    const before = await readDashboard(tx, id, apps)
    if (taken && before === undefined) throw new AppError('conflict', `the id "${id}" is taken (choose another)`)
    if (!taken && all >= mostDashboards) throw new AppError('limited', `there are ${all} dashboards; ${mostDashboards} is the most (take some away: nightshift dashboards remove)`)
    if (spec.app !== null && (await unknownApps(tx, [spec.app])).length > 0) throw new AppError('not-found', `there is no app "${spec.app}" (see: nightshift apps)`)
    await saveDashboard(tx, id, spec, actor.name, now)
    await record(tx, { at: now, kind: 'dashboard.saved', actor, app: spec.app, summary: `${actor.name} ${before === undefined ? 'made' : 'changed'} the dashboard ${spec.title}`, data: { dashboard: id } })
    return { ...spec, id, changedBy: actor.name, changedAt: now.toISOString() }
  })
}

export async function removeDashboard(db: Database, id: string, caller: Caller, now: Date): Promise<void> {
  const { title, app } = await findDashboard(db, id, caller)
  await db.transaction(async (tx) => {
    if (await deleteDashboard(tx, id)) await record(tx, { at: now, kind: 'dashboard.removed', actor: caller.actor, app, summary: `${caller.actor.name} removed the dashboard ${title}`, data: { dashboard: id } })
  })
}
