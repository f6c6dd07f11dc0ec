/** Commands on SLOs, and what the API answers about them. */
import { AppError } from '#base/errors.ts'
import type { Slo, SloSpec, SloTrial } from '#contract/alerting.ts'
import type { Database } from '#kernel/db/db.ts'
import type { Caller } from '#kernel/handlers.ts'
import { record } from '#kernel/journal.ts'
import { readEnvironment } from '#run/apps/read.ts'
import { assertService } from '#run/apps/model.ts'
import { effectiveManifest } from '#run/manifest/effective.ts'
import { currentRelease } from '#run/releases/read.ts'
import { minuteCounts } from '#watch/traffic/read.ts'
import { readStates } from '../read.ts'
import { type Counts, budgetLeft, objectiveView } from './burn.ts'
import { type SloPlace, objectivesOf, placeKey, placeName } from './model.ts'
import { type SeriesRow, environmentsMade, readCounts, readSeries, readSlos, sumsAt } from './read.ts'
import { isOf, lookBackMs, settleMs } from './count.ts'
import { deleteSlo, saveSlo } from './store.ts'
import { sloTrial } from './trial.ts'

const pointCount = 30

/** With what is left of each error budget. One that nothing was counted for yet is as new: all is left. */
export async function listSlos(db: Database, filter: { apps: readonly string[] | null; app?: string | undefined; environment?: string | undefined }, now: Date): Promise<Slo[]> {
  const slos = (await readSlos(db, filter.app)).filter(({ app, environment }) => (filter.apps === null || filter.apps.includes(app)) && (filter.environment === undefined || environment === filter.environment))
  const rows = new Map((await readSeries(db)).map((row) => [`${placeKey(row)} ${row.objective}`, row]))
  const states = await readStates(db)
  const isFiring = (level: string, series: string) => (states.get(`slo:${level}`) ?? []).some((one) => one.series === series && one.state === 'firing')
  const all = slos.flatMap((slo) => objectivesOf(slo.spec).map((objective) => ({ slo, objective, wholeMs: slo.spec.windowMs, row: rows.get(`${placeKey(slo)} ${objective.key}`) })))
  const counted = all.filter((one): one is typeof one & { row: SeriesRow } => one.row !== undefined)
  const counts = new Map((await readCounts(db, counted)).map((one, nth) => [counted[nth]?.row.id, one]))
  const points = await budgetPoints(db, counted)
  return slos.map((slo) => ({
    app: slo.app, environment: slo.environment, service: slo.service === '' ? null : slo.service, origin: slo.origin, declared: slo.declared, alerts: slo.spec.alerts, windowMs: slo.spec.windowMs,
    objectives: all.filter((one) => one.slo === slo).map(({ objective, row, wholeMs }) => {
      const series = `${placeKey(slo)}:${objective.kind}`
      return objectiveView({
        kind: objective.kind, target: objective.target, thresholdMs: objective.thresholdMs, since: row?.since ?? now, wholeMs,
        counts: (row && counts.get(row.id)) ?? nothing, firing: isFiring('page', series) ? 'critical' : isFiring('ticket', series) ? 'warning' : null, points: (row && points.get(row.id)) ?? [],
      })
    }),
  }))
}

const none = { total: 0, bad: 0 }
const nothing: Counts = { '5m': none, '30m': none, '1h': none, '6h': none, '3d': none, whole: none }

/** What was left of each budget, from a window ago (or the beginning) until now. */
async function budgetPoints(db: Database, counted: readonly { row: SeriesRow; wholeMs: number; objective: { target: number } }[]): Promise<Map<number, [number, number][]>> {
  const times = ({ row, wholeMs }: (typeof counted)[number]) => {
    const until = row.counted_until.getTime()
    const from = Math.max(row.since.getTime(), until - wholeMs)
    return Array.from({ length: pointCount + 1 }, (_, nth) => from + ((until - from) * nth) / pointCount)
  }
  const asked = counted.flatMap((one) => times(one).flatMap((atMs) => [{ series: one.row.id, at: new Date(atMs) }, { series: one.row.id, at: new Date(atMs - one.wholeMs) }]))
  const sums = await sumsAt(db, asked)
  let next = 0
  return new Map(counted.map((one) => [
    one.row.id,
    times(one).map((atMs): [number, number] => {
      const [now, then] = [sums[next++] ?? none, sums[next++] ?? none]
      return [Math.round(atMs), budgetLeft({ total: now.total - then.total, bad: now.bad - then.bad }, one.objective.target)]
    }),
  ]))
}

/** Sets the objectives, over the manifest. */
export async function putSlo(db: Database, place: SloPlace, spec: SloSpec, { actor }: Caller, now: Date): Promise<void> {
  await assertPlace(db, place)
  await db.transaction(async (tx) => {
    await saveSlo(tx, place, spec, actor.name, now)
    await record(tx, { at: now, kind: 'slo.changed', actor, app: place.app, environment: place.environment, service: place.service === '' ? null : place.service, summary: `${actor.name} set the SLO of ${placeName(place)}: ${words(spec)}`, data: { spec } })
  })
}

export async function removeSlo(db: Database, place: SloPlace, { actor }: Caller, now: Date): Promise<void> {
  await db.transaction(async (tx) => {
    if (!(await deleteSlo(tx, place))) throw new AppError('not-found', `${placeName(place)} has no SLO that was set by people (one of the manifest is taken out of nightshift.yml; see: nightshift slo ${place.app})`)
    await record(tx, { at: now, kind: 'slo.changed', actor, app: place.app, environment: place.environment, service: place.service === '' ? null : place.service, summary: `${actor.name} took the SLO of ${placeName(place)} away; what the manifest says holds again`, data: { spec: null } })
  })
}

/** What an SLO would have said of the last day. */
export async function trySlo(db: Database, place: SloPlace, spec: SloSpec, now: Date): Promise<SloTrial> {
  await assertPlace(db, place)
  const until = Math.floor((now.getTime() - settleMs) / 60_000) * 60_000
  const minutes = await minuteCounts(db, new Date(until - lookBackMs), new Date(until), [`${place.app}/${place.environment}`])
  const made = (await environmentsMade(db)).get(`${place.app}/${place.environment}`)?.getTime()
  return sloTrial(spec, minutes.filter((one) => isOf(place, one)), { fromMs: until - lookBackMs, untilMs: until, ...(made === undefined ? {} : { sinceMs: made }) })
}

async function assertPlace(db: Database, { app, environment, service }: SloPlace): Promise<void> {
  await readEnvironment(db, app, environment)
  if (service === '') return
  const release = await currentRelease(db, app, environment)
  assertService(release === undefined ? [] : Object.keys(effectiveManifest(release.manifest, environment).services), service, app)
}

function words({ availability, p99Ms, windowMs, alerts }: SloSpec): string {
  return [availability === undefined ? '' : `${Number((availability * 100).toFixed(3))} % available`, p99Ms === undefined ? '' : `99 % within ${p99Ms} ms`].filter(Boolean).join(' and ') + ` over ${Math.round(windowMs / 86_400_000)} days${alerts ? '' : ', without alerts'}`
}
