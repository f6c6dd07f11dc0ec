/** Pauses of healing: authorised here, since who may pause what depends on what it is; one transaction each, row and event. */
import { AppError } from '#base/errors.ts'
import { newId } from '#base/ids.ts'
import { formatDuration } from '#base/units.ts'
import type { HealPause } from '#contract/healing.ts'
import { pausedName } from '#contract/pause-words.ts'
import type { Database } from '#kernel/db/db.ts'
import { type Caller, allows, assertSees } from '#kernel/handlers.ts'
import { record } from '#kernel/journal.ts'
import { assertService } from '#run/apps/model.ts'
import { readEnvironment, unknownApps } from '#run/apps/read.ts'
import { pauseView, seesPause } from './model.ts'
import { knownServices, openPauses } from './read.ts'
import { dropOldPauses, endPause, insertPause } from './store.ts'

/** Longer is no maintenance but a wish: that is a rule's mode, or a stop. */
export const longestPauseMs = 7 * 86_400_000
/** At once, so that what is asked at each turn stays short. */
const mostPauses = 200
const keptMs = 30 * 86_400_000

type Where = { app: string | null; environment: string | null; service: string | null }

/** `not-found` for an app, environment or service that is not there or not the caller's; `forbidden` to pause everything without admin access to all apps. */
export async function pause(db: Database, { where, forMs, because, caller, now }: { where: Where; forMs: number; because: string; caller: Caller; now: Date }): Promise<HealPause> {
  assertMay(where.app, caller)
  if (where.app !== null && (await unknownApps(db, [where.app])).length > 0) throw new AppError('not-found', `there is no app "${where.app}" (see: nightshift apps)`)
  if (where.app !== null && where.environment !== null) await readEnvironment(db, where.app, where.environment)
  if (where.app !== null && where.service !== null) assertService(await knownServices(db, where.app, where.environment), where.service, where.app)
  if (forMs > longestPauseMs) throw new AppError('invalid', `healing is paused for ${formatDuration(longestPauseMs)} at most, not ${formatDuration(forMs)} (set a rule off, or stop healing: nightshift heal stop)`)
  const row = { id: newId('pau', now), ...where, because, by_name: caller.actor.name, at: now, until: new Date(now.getTime() + forMs) }
  await db.transaction(async (tx) => {
    await dropOldPauses(tx, new Date(now.getTime() - keptMs))
    if ((await openPauses(tx, now)).length >= mostPauses) throw new AppError('limited', `${mostPauses} pauses hold already (nightshift heal unpause)`)
    await insertPause(tx, row)
    await record(tx, { at: now, kind: 'healing.paused', actor: caller.actor, ...where, summary: `${caller.actor.name} paused healing of ${pausedName(row)} for ${formatDuration(forMs)}: ${because}`, data: { pause: row.id, until: row.until.toISOString() } })
  })
  return pauseView({ ...row, ended_at: null })
}

/** `not-found` when it is over, or of an app that the caller may not see. */
export async function unpause(db: Database, { id, caller, now }: { id: string; caller: Caller; now: Date }): Promise<HealPause> {
  return db.transaction(async (tx) => {
    const open = (await openPauses(tx, now)).find((one) => one.id === id)
    const gone = new AppError('not-found', `no pause "${id}" holds now (see: nightshift heal pauses)`)
    if (open === undefined || !seesPause(caller.apps, open)) throw gone
    assertMay(open.app, caller)
    const row = await endPause(tx, id, now)
    if (row === undefined) throw gone
    await record(tx, { at: now, kind: 'healing.unpaused', actor: caller.actor, app: row.app, environment: row.environment, service: row.service, summary: `${caller.actor.name} ended the pause of healing of ${pausedName(row)}`, data: { pause: id } })
    return pauseView(row)
  })
}

function assertMay(app: string | null, caller: Caller): void {
  if (app !== null) return assertSees(caller, app)
  if (!allows(caller, 'admin') || caller.apps !== null) throw new AppError('forbidden', `to pause all healing takes admin access to all apps; "${caller.actor.name}" may pause that of one app (nightshift heal pause APP)`)
}
