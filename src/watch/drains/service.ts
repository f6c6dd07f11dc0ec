/** Adding, testing and removing drains. */
import { AppError } from '#base/errors.ts'
import { newId } from '#base/ids.ts'
import { assertPublicHost } from '#base/public-address.ts'
import type { SecretBox } from '#base/secretbox.ts'
import type { Drain, NewDrain } from '#contract/drains.ts'
import type { LogLine } from '#contract/model.ts'
import type { Database } from '#kernel/db/db.ts'
import { type Caller, allows, assertSees } from '#kernel/handlers.ts'
import { record } from '#kernel/journal.ts'
import { cursorOf } from '#watch/logs/model.ts'
import { topLine } from '#watch/logs/read-rows.ts'
import { unknownApps } from '#run/apps/read.ts'
import { parseAddress, shownAddress } from './kinds.ts'
import { openSender } from './loop.ts'
import { type DrainRow, drainView, targetPlace } from './model.ts'
import { allDrains, drainsOf, readDrain } from './read.ts'
import { type NewDrainRow, deleteDrain, insertDrain } from './store.ts'
import { assertCertificate, sealTarget } from './target.ts'
import { type Trial, tryOnce } from './trial.ts'

const maxDrains = { app: 5, all: 100 }

export type DrainService = ReturnType<typeof openDrainService>

/** @param changed  called when there is another set of drains */
export function openDrainService({ db, box, changed }: { db: Database; box: SecretBox; changed: () => void }) {
  async function seen(caller: Caller, id: string): Promise<DrainRow> {
    const row = await readDrain(db, id)
    if (!row || (caller.apps !== null && (row.app === null || !caller.apps.includes(row.app)))) throw new AppError('not-found', `there is no drain ${id} (see: nightshift drains)`)
    if (row.app === null && !allows(caller, 'admin')) throw new AppError('forbidden', `drain ${id} takes the lines of every app; that needs admin access`)
    return row
  }

  return {
    async list(caller: Caller, app: string | undefined): Promise<Drain[]> {
      const rows = await drainsOf(db, app)
      return rows.filter((row) => caller.apps === null || (row.app !== null && caller.apps.includes(row.app))).map(drainView)
    },
    async add(caller: Caller, input: NewDrain, now: Date): Promise<Drain> {
      await assertMayAdd(db, caller, input.app)
      const row = newDrain(box, caller, input, now)
      const stored = await db.transaction(async (tx) => {
        await insertDrain(tx, { ...row, cursor: cursorOf({ atMs: now.getTime(), line: await topLine(tx) }) })
        await record(tx, { at: now, kind: 'drain.added', actor: caller.actor, app: row.app, summary: `${caller.actor.name} sends the log lines of ${row.app ?? 'every app'} on to ${row.shown}`, data: { drain: row.id, kind: row.kind } })
        return readDrain(tx, row.id)
      })
      changed()
      return drainView(stored as DrainRow)
    },
    async test(caller: Caller, id: string, now: Date, signal: AbortSignal): Promise<Trial> {
      const row = await seen(caller, id)
      return tryOnce(openSender(box, row), (sender) => sender.send([testLine(row, now)], signal), `${row.shown} took a line${row.kind === 'syslog' ? ', as far as syslog can tell' : ''}`)
    },
    async remove(caller: Caller, id: string, now: Date): Promise<void> {
      const row = await seen(caller, id)
      await db.transaction(async (tx) => {
        if (await deleteDrain(tx, id)) await record(tx, { at: now, kind: 'drain.removed', actor: caller.actor, app: row.app, summary: `${caller.actor.name} sends log lines of ${row.app ?? 'every app'} to ${row.shown} no more`, data: { drain: id, sent: row.sent, dropped: row.dropped } })
      })
      changed()
    },
  }
}

/** Throws `invalid` for an address or certificate that is none, `forbidden` for an address that the caller may not reach. */
function newDrain(box: SecretBox, caller: Caller, input: NewDrain, now: Date): Omit<NewDrainRow, 'cursor'> {
  const anyAddress = allows(caller, 'admin') && caller.apps === null
  const { kind, url } = parseAddress(input.url)
  if (!anyAddress) assertPublicHost(url.hostname)
  if (input.caPem !== undefined) assertCertificate(input.caPem)
  const id = newId('drn', now)
  const sealed = sealTarget(box, targetPlace(id), { url, headers: input.headers ?? {}, ca: input.caPem })
  return { id, app: input.app, kind: kind.name, shown: shownAddress(url), any_address: anyAddress, created_at: now, created_by: caller.actor.name, sealed }
}

async function assertMayAdd(db: Database, caller: Caller, app: string | null): Promise<void> {
  if (app === null && (caller.apps !== null || !allows(caller, 'admin'))) throw new AppError('forbidden', 'a drain for every app needs admin access to all of them; name an app')
  if (app !== null) {
    assertSees(caller, app)
    if ((await unknownApps(db, [app])).length > 0) throw new AppError('not-found', `there is no app "${app}" (see: nightshift apps)`)
  }
  const rows = await allDrains(db)
  if (rows.filter((row) => row.app === app).length >= maxDrains.app || rows.length >= maxDrains.all)
    throw new AppError('limited', `${app ?? 'every app'} has as many drains as it may (${maxDrains.app} each, ${maxDrains.all} together); remove one first`)
}

function testLine({ app, id }: DrainRow, now: Date): LogLine {
  return {
    cursor: cursorOf({ atMs: now.getTime(), line: 0 }), at: now.toISOString(), app: app ?? 'nightshift', environment: 'production', service: 'drain', instance: 'test',
    release: null, stream: 'system', level: 'info', text: `Nightshift tests drain ${id}`,
  }
}
