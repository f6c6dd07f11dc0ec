/** Maintenance windows and plugins: one transaction each, row and event. */
import { createHash } from 'node:crypto'
import { AppError } from '#base/errors.ts'
import { newId } from '#base/ids.ts'
import type { MaintenanceWindow, Plugin, newWindowSchema } from '#contract/checks.ts'
import type { Database } from '#kernel/db/db.ts'
import { type Caller, assertSees } from '#kernel/handlers.ts'
import { record } from '#kernel/journal.ts'
import { unknownApps } from '#run/apps/read.ts'
import type { z } from 'zod'
import type { WindowRow } from './model.ts'
import { findCheck, listChecks, pluginView, readPlugins, readWindows, windowView } from './read.ts'
import * as store from './store.ts'
import { occurrence } from './windows.ts'

const longestMs = 31 * 86_400_000
const mostWindows = 500
const maxPluginBytes = 1024 * 1024
const mostPlugins = 200
/** A script that says what runs it, or an ELF program. */
const programBegins = [Buffer.from([0x23, 0x21]), Buffer.from([0x7f, 0x45, 0x4c, 0x46])]
type Who = { caller: Caller; now: Date }

export async function createWindow(db: Database, input: z.output<typeof newWindowSchema>, { caller, now }: Who): Promise<MaintenanceWindow> {
  if (input.checks.length + input.apps.length === 0) throw new AppError('invalid', 'a window must name checks or apps: an empty selection means none')
  for (const app of input.apps) assertSees(caller, app)
  const [unknown] = await unknownApps(db, input.apps)
  if (unknown !== undefined) throw new AppError('not-found', `there is no app "${unknown}" (see: nightshift apps)`)
  const checks = await Promise.all(input.checks.map(async (which) => (await findCheck(db, which, caller.apps)).id))
  const row: WindowRow = { id: newId('win', now), title: input.title, checks, apps: input.apps, starts_at: new Date(input.from), ends_at: new Date(input.until), repeat: input.repeat, timezone: input.timezone, by_name: caller.actor.name }
  const lengthMs = row.ends_at.getTime() - row.starts_at.getTime()
  const longest = row.repeat === 'once' ? longestMs : row.repeat === 'daily' ? 86_400_000 : 7 * 86_400_000
  if (lengthMs <= 0 || lengthMs > longest) throw new AppError('invalid', `the window goes from ${input.from} until ${input.until}; it must end after it begins, and last ${row.repeat === 'daily' ? 'a day' : `${longest / 86_400_000} days`} at most`)
  if (occurrence(row, now) === undefined) throw new AppError('invalid', `the window ends at ${input.until}, which is over: it would silence nothing (begin it later, or make it longer)`)
  await db.transaction(async (tx) => {
    if ((await readWindows(tx)).length >= mostWindows) throw new AppError('limited', `there are ${mostWindows} windows already (nightshift checks window-remove)`)
    await store.insertWindow(tx, row)
    await record(tx, { at: now, kind: 'maintenance.planned', actor: caller.actor, app: row.apps.length === 1 ? row.apps[0] ?? null : null, summary: `${caller.actor.name} planned maintenance: ${row.title}`, data: { window: row.id, checks, apps: row.apps, from: input.from, until: input.until, repeat: row.repeat } })
  })
  return windowView(row, now)
}

/** What a caller who is limited to apps sees: windows of those apps, and of checks in them. */
export async function listWindows(db: Database, { caller, now }: Who): Promise<MaintenanceWindow[]> {
  return (await seenWindows(db, caller)).map((row) => windowView(row, now))
}

async function seenWindows(db: Database, caller: Caller): Promise<WindowRow[]> {
  const rows = await readWindows(db)
  if (caller.apps === null) return rows
  const own = new Set((await listChecks(db, { apps: caller.apps })).map(({ id }) => id))
  return rows.filter((row) => row.apps.every((app) => caller.apps?.includes(app)) && row.checks.every((id) => own.has(id)))
}

export async function deleteWindow(db: Database, id: string, { caller, now }: Who): Promise<void> {
  const row = (await seenWindows(db, caller)).find((each) => each.id === id)
  if (row === undefined) throw new AppError('not-found', `there is no maintenance window "${id}" (see: nightshift checks windows)`)
  await db.transaction(async (tx) => {
    await store.deleteWindow(tx, id)
    await record(tx, { at: now, kind: 'maintenance.removed', actor: caller.actor, summary: `${caller.actor.name} removed the maintenance window ${row.title}`, data: { window: id } })
  })
}

/** @param sign  binds name and content to the machines' key */
export async function putPlugin(db: Database, sign: (name: string, digest: string) => string, { name, content, caller, now }: Who & { name: string; content: Buffer }): Promise<Plugin> {
  if (content.length === 0 || content.length > maxPluginBytes) throw new AppError('invalid', `the plugin "${name}" has ${content.length} bytes, and must have between 1 and ${maxPluginBytes}`)
  if (!programBegins.some((begin) => content.subarray(0, begin.length).equals(begin))) throw new AppError('invalid', `the plugin "${name}" is neither a script that begins with #! nor a program`)
  const digest = createHash('sha256').update(content).digest('hex')
  await db.transaction(async (tx) => {
    const known = await readPlugins(tx)
    if (known.length >= mostPlugins && !known.some((each) => each.name === name)) throw new AppError('limited', `there are ${mostPlugins} plugins already (nightshift checks plugin-remove)`)
    await store.putPlugin(tx, { name, digest, signature: sign(name, digest), content, added_by: caller.actor.name, added_at: now })
    await record(tx, { at: now, kind: 'plugin.added', actor: caller.actor, summary: `${caller.actor.name} added the plugin ${name}`, data: { plugin: name, digest, bytes: content.length } })
  })
  return pluginNamed(db, name)
}

export async function deletePlugin(db: Database, name: string, { caller, now }: Who): Promise<void> {
  const { usedBy } = await pluginNamed(db, name)
  if (usedBy > 0) throw new AppError('conflict', `${usedBy} checks run the plugin "${name}": remove them first`)
  await db.transaction(async (tx) => {
    await store.deletePlugin(tx, name)
    await record(tx, { at: now, kind: 'plugin.removed', actor: caller.actor, summary: `${caller.actor.name} removed the plugin ${name}`, data: { plugin: name } })
  })
}

async function pluginNamed(db: Database, name: string): Promise<Plugin> {
  const row = (await readPlugins(db)).find((each) => each.name === name)
  if (row === undefined) throw new AppError('not-found', `there is no plugin "${name}" (see: nightshift checks plugins)`)
  return pluginView(row)
}
