import { AppError } from '#base/errors.ts'
import type { AppDetail, Machine, MapView } from '#contract/model.ts'
import type { Database } from '#kernel/db/db.ts'
import { readMachines } from '#run/machines/read.ts'
import { eventsSince } from '#watch/journal/read.ts'
import { machinesOf } from '#watch/selectors/read.ts'
import { readTraffic } from '#watch/traffic/read.ts'
import { type MapApp, mapView } from './map.ts'
import { missingAt, pastApps, pastMachines } from './past.ts'
import { alertsAt, knownAt, pastRows, tracedCalls } from './read.ts'

const aroundMs = 15 * 60_000
/** Counts of ten seconds come in up to a grain late; see traffic/read.ts. */
const trafficLateMs = 6_000

export type MapQuery = { at: Date | null; apps: readonly string[] | null; now: Date }

/** The map as it is, or as it was at a moment: the same view, made of what was kept. */
export async function readMap(db: Database, current: () => Promise<AppDetail[]>, { at, apps, now }: MapQuery): Promise<MapView> {
  if (at !== null && at > now) throw new AppError('invalid', `${at.toISOString()} is not in the past, and the map knows no future`)
  const moment = at ?? now
  const since = new Date(moment.getTime() - aroundMs)
  const [shown, traffic, traced, events, alerts] = await Promise.all([
    at === null ? present(db, current) : past(db, apps, at),
    readTraffic(db, { apps, minutes: 1 }, at === null ? now : new Date(at.getTime() + trafficLateMs)),
    tracedCalls(db, apps, since, moment),
    eventsSince(db, { apps }, since, 2_000, at),
    alertsAt(db, apps, moment),
  ])
  return mapView({ at: moment, live: at === null, ...shown, machines: apps === null ? shown.machines : machinesOf(shown.apps, shown.machines), traffic, traced, events, alerts })
}

type Shown = { apps: MapApp[]; machines: Machine[]; missing: string[] }

async function present(db: Database, current: () => Promise<AppDetail[]>): Promise<Shown> {
  const [apps, machines] = await Promise.all([current(), readMachines(db)])
  return { apps, machines, missing: [] }
}

async function past(db: Database, apps: readonly string[] | null, at: Date): Promise<Shown> {
  const [rows, known] = await Promise.all([readMachines(db).then((machines) => pastRows(db, apps, at, machines)), knownAt(db, apps, at)])
  return { apps: pastApps(rows), machines: pastMachines(rows), missing: missingAt(at, known) }
}
