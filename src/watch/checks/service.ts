/** What people do with checks: one transaction each, row and event. Callers that are limited to apps see and make those of their apps alone. */
import { randomUUID } from 'node:crypto'
import { AppError } from '#base/errors.ts'
import { newId } from '#base/ids.ts'
import type { SecretBox } from '#base/secretbox.ts'
import type { NewCheck, TestCheck, checkChangeSchema } from '#contract/checks.ts'
import type { Database, Db } from '#kernel/db/db.ts'
import { type Caller, assertSees } from '#kernel/handlers.ts'
import { record } from '#kernel/journal.ts'
import { unknownApps } from '#run/apps/read.ts'
import { readMachines } from '#run/machines/read.ts'
import type { z } from 'zod'
import { type CheckRowIn, secretsPlace } from './model.ts'
import * as normal from './normal.ts'
import { type WithState, countChecks, findCheck, readChecks, readNamed, readPlugins } from './read.ts'
import { clearAlertOf } from './settle.ts'
import { circle } from './state.ts'
import * as store from './store.ts'

const mostChecks = 5000

export type CheckDeps = { db: Database; box: SecretBox }
type Who = { caller: Caller; now: Date }

/** The row that a new check would be. */
async function rowOf({ db, box }: CheckDeps, input: NewCheck, { caller, now }: Who, kept: Record<string, string> = {}): Promise<CheckRowIn> {
  const app = input.app ?? null
  if (app === null && caller.apps !== null) throw new AppError('forbidden', `"${caller.actor.name}" is limited to ${caller.apps.join(', ') || 'no app'}: name the app that the check belongs to`)
  if (app !== null) {
    assertSees(caller, app)
    if ((await unknownApps(db, [app])).length > 0) throw new AppError('not-found', `there is no app "${app}" (see: nightshift apps)`)
  }
  const id = newId('chk', now)
  const { config, secrets } = normal.parseConfig(input.kind, input.config, kept)
  const every_ms = normal.everyMs(input.every)
  const row: CheckRowIn = {
    id, name: input.name, kind: input.kind, config, secrets: normal.sealSecrets(box, id, secrets), every_ms, timeout_ms: normal.timeoutMs(input.timeout, every_ms),
    retries: input.kind === 'heartbeat' ? 0 : input.retries, vantages: normal.fromOf(input.kind, input.from), quorum: input.quorum ?? null, criteria: input.criteria, severity: input.severity,
    app, environment: app === null ? null : input.environment, service: app === null ? null : (input.service ?? null), needs: [...new Set(input.needs)], declared: false, confined: caller.apps !== null,
    paused_by: null, token: input.kind === 'heartbeat' ? randomUUID() : null, slug: input.kind === 'heartbeat' ? ((config['slug'] as string | undefined) ?? null) : null, created_at: now,
  }
  normal.refuse(row)
  await assertPlugin(db, row)
  return row
}

export async function createCheck(deps: CheckDeps, input: NewCheck, who: Who): Promise<string> {
  const row = await rowOf(deps, input, who)
  await assertMachines(deps.db, row.vantages)
  const { caller, now } = who
  await deps.db.transaction(async (tx) => {
    await store.lockStates(tx)
    if ((await countChecks(tx)) >= mostChecks) throw new AppError('limited', `there are ${mostChecks} checks already (nightshift checks remove)`)
    await assertNeeds(tx, row, caller)
    await assertNameFree(tx, row)
    await store.insertCheck(tx, row)
    await record(tx, { at: now, kind: 'check.created', actor: caller.actor, ...placeOf(row), summary: `${caller.actor.name} made the check ${row.name} (${row.kind})`, data: { check: row.id, kind: row.kind } })
  })
  return row.id
}

/** People name a check where others would need its id. */
async function assertNameFree(tx: Db, { id, name, app, environment }: CheckRowIn): Promise<void> {
  const other = await readNamed(tx, { name, app, environment })
  if (other !== undefined && other !== id) throw new AppError('conflict', `there is a check "${name}"${app === null ? '' : ` of ${app}`} already: give this one another name (--name), or change that one (nightshift checks set ${other})`)
}

/** A row that is not stored, for one run. */
export async function testRow(deps: CheckDeps, input: TestCheck, who: Who): Promise<CheckRowIn> {
  if (input.kind === 'heartbeat') throw new AppError('invalid', 'a heartbeat is told by a job, so that there is nothing to test; make it, and call its URL')
  const known = input.check === undefined ? undefined : await findCheck(deps.db, input.check, who.caller.apps)
  return rowOf(deps, { ...input, retries: 0, quorum: undefined, needs: [], severity: 'critical' }, who, known?.kind === input.kind ? openSecrets(deps.box, known) : {})
}

export async function updateCheck(deps: CheckDeps, which: string, change: z.output<typeof checkChangeSchema>, { caller, now }: Who): Promise<string> {
  const before = await findCheck(deps.db, which, caller.apps)
  assertOwn(before)
  const kept = openSecrets(deps.box, before)
  const { config, secrets } = change.config === undefined ? { config: before.config, secrets: kept } : normal.parseConfig(before.kind, change.config, kept)
  const every_ms = change.every === undefined ? before.every_ms : normal.everyMs(change.every)
  const isConfined = before.confined || caller.apps !== null
  const row: CheckRowIn = {
    ...before, name: change.name ?? before.name, config, secrets: normal.sealSecrets(deps.box, before.id, secrets), every_ms,
    timeout_ms: change.timeout === undefined ? Math.min(before.timeout_ms, Math.max(every_ms, 500)) : normal.timeoutMs(change.timeout, every_ms),
    retries: before.kind === 'heartbeat' ? 0 : (change.retries ?? before.retries), vantages: change.from === undefined ? before.vantages : normal.fromOf(before.kind, change.from),
    quorum: change.quorum === undefined ? before.quorum : change.quorum, criteria: change.criteria ?? before.criteria, severity: change.severity ?? before.severity,
    service: change.service === undefined ? before.service : change.service, needs: [...new Set(change.needs ?? before.needs)], confined: isConfined,
    slug: before.kind === 'heartbeat' ? ((config['slug'] as string | undefined) ?? null) : null,
  }
  normal.refuse(row)
  if (row.config['plugin'] !== before.config['plugin']) await assertPlugin(deps.db, row)
  await assertMachines(deps.db, row.vantages.filter((one) => !before.vantages.includes(one)))
  const isOther = JSON.stringify([before.config, kept, before.criteria, before.vantages]) !== JSON.stringify([row.config, secrets, row.criteria, row.vantages])
  await deps.db.transaction(async (tx) => {
    await store.lockStates(tx)
    await assertNeeds(tx, row, caller)
    if (row.name !== before.name) await assertNameFree(tx, row)
    await store.updateCheck(tx, row)
    if (isOther && row.kind !== 'heartbeat') await store.forgetSeen(tx, row.id)
    await record(tx, { at: now, kind: 'check.changed', actor: caller.actor, ...placeOf(row), summary: `${caller.actor.name} changed the check ${row.name}: ${Object.keys(change).join(', ') || 'nothing'}`, data: { check: row.id, fields: Object.keys(change) } })
  })
  return row.id
}

export async function deleteCheck({ db }: CheckDeps, which: string, { caller, now }: Who): Promise<void> {
  const row = await findCheck(db, which, caller.apps)
  assertOwn(row)
  await db.transaction(async (tx) => {
    await store.lockStates(tx)
    await clearAlertOf(tx, row.id, 'the check was removed', caller.actor, now)
    await store.deleteCheck(tx, row.id)
    await record(tx, { at: now, kind: 'check.removed', actor: caller.actor, ...placeOf(row), summary: `${caller.actor.name} removed the check ${row.name}`, data: { check: row.id } })
  })
}

/** Idempotent. */
export async function pauseCheck({ db }: CheckDeps, which: string, paused: boolean, { caller, now }: Who): Promise<string> {
  const row = await findCheck(db, which, caller.apps)
  if ((row.paused_by !== null) === paused) return row.id
  await db.transaction(async (tx) => {
    await store.setPaused(tx, row.id, paused ? caller.actor.name : null)
    if (!paused && row.kind !== 'heartbeat') await store.forgetSeen(tx, row.id)
    await record(tx, { at: now, kind: paused ? 'check.paused' : 'check.resumed', actor: caller.actor, ...placeOf(row), summary: `${caller.actor.name} ${paused ? 'paused' : 'resumed'} the check ${row.name}`, data: { check: row.id } })
  })
  return row.id
}

export function openSecrets(box: SecretBox, row: Pick<CheckRowIn, 'id' | 'secrets'>): Record<string, string> {
  return row.secrets === null ? {} : (JSON.parse(box.open(row.secrets, secretsPlace(row.id))) as Record<string, string>)
}

const placeOf = ({ app, environment, service }: CheckRowIn) => ({ app, environment, service })

function assertOwn(row: WithState): void {
  if (row.declared) throw new AppError('conflict', `the check "${row.name}" stands in the manifest of ${row.app}: change it there, and deploy (it can be paused here)`)
}

/** A plugin that is named must be there. One by its path is a machine's own, which only the machine can say. */
async function assertPlugin(db: Db, { kind, config }: Pick<CheckRowIn, 'kind' | 'config'>): Promise<void> {
  const named = String(config['plugin'])
  if (kind !== 'plugin' || named.startsWith('/') || (await readPlugins(db)).some(({ name }) => name === named)) return
  const message = `there is no plugin "${named}" (see: nightshift checks plugins; nightshift checks plugin FILE adds one, and one that the machine has is named by its path: /usr/lib/nagios/plugins/${named})`
  throw new AppError('invalid', message, { fields: [{ path: 'config.plugin', message }] })
}

/** A name that is no machine's would be looked at from nowhere. */
async function assertMachines(db: Db, vantages: readonly string[]): Promise<void> {
  const named = vantages.flatMap((one) => (one.startsWith('machine:') ? one.slice('machine:'.length) : []))
  if (named.length === 0) return
  const known = (await readMachines(db)).map(({ name }) => name)
  const unknown = named.find((name) => !known.includes(name))
  if (unknown === undefined) return
  const message = `there is no machine "${unknown}" (see: nightshift machines)`
  throw new AppError('invalid', message, { fields: [{ path: 'from', message }] })
}

/** What it depends on must be there, be seen by the caller, and not depend on it. */
async function assertNeeds(tx: Db, row: CheckRowIn, caller: Caller): Promise<void> {
  if (row.needs.length === 0) return
  const all = new Map((await readChecks(tx)).map((each) => [each.id, each]))
  const missing = row.needs.find((id) => !all.has(id) || (caller.apps !== null && !caller.apps.includes(all.get(id)?.app ?? '')))
  if (missing !== undefined) throw new AppError('invalid', `it needs "${missing}", which is no check (see: nightshift checks --long)`)
  const way = circle(row.id, row.needs, all)
  if (way !== null) throw new AppError('conflict', `it would depend on itself: ${[row.name, ...way, row.name].join(' → ')}`)
}
