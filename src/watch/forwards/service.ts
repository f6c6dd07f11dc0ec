/** Adding, testing and removing forwards. Metrics are of machines and of every app, so all of it is for admins of all apps. */
import { AppError } from '#base/errors.ts'
import { newId } from '#base/ids.ts'
import type { SecretBox } from '#base/secretbox.ts'
import type { Forward, NewForward } from '#contract/forwards.ts'
import type { Database } from '#kernel/db/db.ts'
import { type Caller, allows } from '#kernel/handlers.ts'
import { record } from '#kernel/journal.ts'
import { shownAddress } from '#watch/drains/kinds.ts'
import { assertCertificate, sealTarget } from '#watch/drains/target.ts'
import { type Trial, tryOnce } from '#watch/drains/trial.ts'
import { type ForwardRow, forwardView, targetPlace } from './model.ts'
import { allForwards, readForward } from './read.ts'
import { openForward } from './sender.ts'
import { deleteForward, insertForward } from './store.ts'

const mostForwards = 5

export type ForwardService = ReturnType<typeof openForwardService>

/** @param changed  called when there is another set of forwards */
export function openForwardService({ db, box, changed }: { db: Database; box: SecretBox; changed: () => void }) {
  async function found(caller: Caller, id: string): Promise<ForwardRow> {
    assertAdmin(caller)
    const row = await readForward(db, id)
    if (!row) throw new AppError('not-found', `there is no forward ${id} (see: nightshift forwards)`)
    return row
  }

  return {
    async list(caller: Caller): Promise<Forward[]> {
      assertAdmin(caller)
      return (await allForwards(db)).map(forwardView)
    },
    async add(caller: Caller, { url: text, headers = {}, caPem, labels }: NewForward, now: Date): Promise<Forward> {
      assertAdmin(caller)
      const url = receiverUrl(text)
      if (caPem !== undefined) assertCertificate(caPem)
      if ((await allForwards(db)).length >= mostForwards) throw new AppError('limited', `there are as many forwards as there may be (${mostForwards}); remove one first`)
      const id = newId('fwd', now)
      const shown = shownAddress(url)
      const row = await db.transaction(async (tx) => {
        await insertForward(tx, { id, shown, labels, sealed: sealTarget(box, targetPlace(id), { url, headers, ca: caPem }), created_at: now, created_by: caller.actor.name, position_ms: now.getTime() })
        await record(tx, { at: now, kind: 'forward.added', actor: caller.actor, app: null, summary: `${caller.actor.name} sends metrics on to ${shown}`, data: { forward: id, labels } })
        return readForward(tx, id)
      })
      changed()
      return forwardView(row as ForwardRow)
    },
    async test(caller: Caller, id: string, now: Date, signal: AbortSignal): Promise<Trial> {
      const row = await found(caller, id)
      const sample = { name: 'nightshift_forward_test', labels: { forward: id }, points: [{ atMs: now.getTime(), value: 1 }] }
      return tryOnce(openForward(box, row), (sender) => sender.send([sample], signal), `${row.shown} took a sample of ${sample.name}`)
    },
    async remove(caller: Caller, id: string, now: Date): Promise<void> {
      const row = await found(caller, id)
      await db.transaction(async (tx) => {
        if (await deleteForward(tx, id)) await record(tx, { at: now, kind: 'forward.removed', actor: caller.actor, app: null, summary: `${caller.actor.name} sends metrics to ${row.shown} no more`, data: { forward: id, sent: row.sent, dropped: row.dropped } })
      })
      changed()
    },
  }
}

function assertAdmin(caller: Caller): void {
  if (caller.apps !== null || !allows(caller, 'admin')) throw new AppError('forbidden', 'metrics of every app and machine are sent on; that needs admin access to all apps')
}

/** Throws `invalid`. */
function receiverUrl(text: string): URL {
  const url = URL.parse(text)
  if (url === null || !['https:', 'http:'].includes(url.protocol) || url.hostname === '' || url.hash !== '') throw new AppError('invalid', 'that is no address of a receiver of Prometheus remote write; they are like https://prometheus.example.com/api/v1/write')
  if (url.pathname === '/') url.pathname = '/api/v1/write'
  return url
}
