/** The loops of SLOs: count what callers saw, and alert where an error budget burns too fast. */
import type { Actor } from '#contract/model.ts'
import type { Database, Db } from '#kernel/db/db.ts'
import type { Logger } from '#kernel/log.ts'
import { type Loop, type TurnReport, startLoop } from '#kernel/loop.ts'
import { clearAlertOf, raiseAlert } from '#watch/alerts/commands.ts'
import { minuteCounts } from '#watch/traffic/read.ts'
import { servingReleases } from '#run/releases/read.ts'
import type { SeriesState, Transition } from '../model.ts'
import { nextStates } from '../plan.ts'
import { readStates } from '../read.ts'
import { saveStates } from '../store.ts'
import { type Counts, type Level, burnWords, burning, keepFiringMs, severityOf } from './burn.ts'
import { countOf, isOf, lookBackMs, settleMs, sumsOf } from './count.ts'
import { type CountedObjective, type SloDefinition, objectivesOf, placeKey, placeName } from './model.ts'
import { type SeriesRow, environmentsMade, readCounts, readSeries, readSlos, sumsAt } from './read.ts'
import { beginSeries, dropSeries, replaceSums, thinSums } from './store.ts'

const actor: Actor = { kind: 'loop', name: 'slos' }
const minute = 60_000
const hour = 60 * minute
/** What a proxy tells late (it was cut off from control) is still counted. */
const lateMs = 30 * minute
const fineMs = 7 * hour
const keptMs = 92 * 24 * hour

export function startSlos({ db, log }: { db: Database; log: Logger }): Loop[] {
  const onError = (error: unknown) => log.error({ err: error }, 'a turn of the SLOs failed')
  return [
    startLoop({ name: 'slos', periodMs: minute, onError, turn: (now) => slosTurn(db, now) }),
    startLoop({
      name: 'slos.tidy', periodMs: 30 * minute, onError,
      turn: async (now) => {
        const thinned = await thinSums(db, new Date(now.getTime() - fineMs), new Date(now.getTime() - keptMs))
        return { actions: thinned > 0 ? [`thinned ${thinned} sums`] : [], waiting: [] }
      },
    }),
  ]
}

type Watched = { slo: SloDefinition; objective: CountedObjective; row: SeriesRow }

export async function slosTurn(db: Database, now: Date): Promise<TurnReport> {
  const watched = await watchedSeries(db, await readSlos(db), now)
  await count(db, watched, now)
  const counted = watched.length === 0 ? [] : await watchedSeries(db, watched.map(({ slo }) => slo), now)
  const counts = await readCounts(db, counted.map(({ row, slo }) => ({ row, wholeMs: slo.spec.windowMs })))
  const states = await readStates(db)
  const actions: string[] = []
  for (const level of ['page', 'ticket'] as const) actions.push(...(await alert(db, level, counted, counts, states.get(`slo:${level}`) ?? [], now)))
  return { actions, waiting: [] }
}

/** Each objective with what is counted for it; begins to count what is new, and forgets what is in force no more. */
async function watchedSeries(db: Database, slos: readonly SloDefinition[], now: Date): Promise<Watched[]> {
  const wanted = slos.flatMap((slo) => objectivesOf(slo.spec).map((objective) => ({ slo, objective })))
  const keyOf = (place: { app: string; environment: string; service: string }, objective: string) => `${placeKey(place)} ${objective}`
  let rows = await readSeries(db)
  const known = new Set(rows.map((row) => keyOf(row, row.objective)))
  const fresh = wanted.filter(({ slo, objective }) => !known.has(keyOf(slo, objective.key)))
  if (fresh.length > 0) {
    const made = await environmentsMade(db)
    for (const { slo, objective } of fresh) {
      const since = Math.max(now.getTime() - lookBackMs, made.get(`${slo.app}/${slo.environment}`)?.getTime() ?? 0)
      await beginSeries(db, slo, objective.key, new Date(Math.floor(since / minute) * minute))
    }
    rows = await readSeries(db)
  }
  const keys = new Set(wanted.map(({ slo, objective }) => keyOf(slo, objective.key)))
  const unwanted = rows.filter((row) => !keys.has(keyOf(row, row.objective)))
  if (unwanted.length > 0) {
    // one that is stopped has the same when it is started again
    const serving = new Set((await servingReleases(db)).map(({ app, environment }) => `${app}/${environment}`))
    await dropSeries(db, unwanted.filter((row) => serving.has(`${row.app}/${row.environment}`)).map(({ id }) => id))
  }
  const byKey = new Map(rows.map((row) => [keyOf(row, row.objective), row]))
  return wanted.flatMap(({ slo, objective }) => {
    const row = byKey.get(keyOf(slo, objective.key))
    return row === undefined ? [] : [{ slo, objective, row }]
  })
}

/** Counts anew the last half hour, and what came since. */
async function count(db: Database, watched: readonly Watched[], now: Date): Promise<void> {
  const until = Math.floor((now.getTime() - settleMs) / minute) * minute
  const from = ({ row }: Watched) => Math.max(row.since.getTime(), Math.min(row.counted_until.getTime(), until) - lateMs)
  for (const [start, group] of Map.groupBy(watched, from)) {
    if (start >= until) continue
    const environments = [...new Set(group.map(({ slo }) => `${slo.app}/${slo.environment}`))]
    const minutes = await minuteCounts(db, new Date(start), new Date(until), environments)
    const bases = await sumsAt(db, group.map(({ row }) => ({ series: row.id, at: new Date(start) })))
    await db.transaction(async (tx) => {
      for (const [nth, { slo, objective, row }] of group.entries()) {
        const mine = minutes.filter((one) => isOf(slo, one)).map((one) => ({ ...countOf(objective, one), atMs: one.atMs }))
        await replaceSums(tx, row.id, new Date(start), sumsOf(bases[nth] ?? { total: 0, bad: 0 }, mine), new Date(until))
      }
    })
  }
}

async function alert(db: Database, level: Level, watched: readonly Watched[], counts: readonly Counts[], known: readonly SeriesState[], now: Date): Promise<string[]> {
  const seriesOf = ({ slo, objective }: Watched) => `${placeKey(slo)}:${objective.kind}`
  const readings = watched.flatMap((one, nth) => {
    if (!one.slo.spec.alerts) return []
    const seen = counts[nth] as Counts
    const pair = burning(seen, one.objective.target, one.row.counted_until.getTime() - one.row.since.getTime(), level)
    return { series: seriesOf(one), labels: {}, value: seen.whole.bad, holds: pair !== null, because: pair === null ? 'the error budget does not burn too fast any more' : burnWords(pair, seen, one.objective, one.slo.spec.windowMs) }
  })
  // what is in force no more, or nobody wants to hear of, is over at once
  const [here, gone] = [known.filter(({ series }) => readings.some((one) => one.series === series)), known.filter(({ series }) => !readings.some((one) => one.series === series))]
  const kept = nextStates({ forMs: 0, keepFiringMs: keepFiringMs[level] }, here, readings, now)
  const whyGone = (series: string) => (watched.some((one) => seriesOf(one) === series) ? 'its alerts are switched off' : 'the objective was taken away')
  const ended = nextStates({ forMs: 0, keepFiringMs: 0 }, gone, gone.map(({ series }) => ({ series, labels: {}, value: null, holds: false, because: whyGone(series) })), now)
  const [states, transitions] = [[...kept.states, ...ended.states], [...kept.transitions, ...ended.transitions]]
  if (states.length === 0 && transitions.length === 0) return []
  return db.transaction(async (tx) => {
    await saveStates(tx, `slo:${level}`, states)
    const actions: string[] = []
    for (const transition of transitions) actions.push(...(await tell(tx, level, watched.find((one) => seriesOf(one) === transition.series), transition, now)))
    return actions
  })
}

async function tell(tx: Db, level: Level, one: Watched | undefined, { series, to, because }: Transition, now: Date): Promise<string[]> {
  const target = `rule:slo:${series}:${level}`
  if (to === 'over') {
    await clearAlertOf(tx, target, because, actor, now)
    return [`the alert of ${series} is over: ${because}`]
  }
  if (to !== 'firing' || one === undefined) return []
  const { app, environment, service } = one.slo
  const title = `The error budget of ${placeName(one.slo)} burns too fast${one.objective.kind === 'latency' ? ' by slow answers' : ''}`
  await raiseAlert(tx, { target, app, environment, service: service === '' ? null : service, machine: null, severity: severityOf[level], title, because, way_out: `nightshift slo ${app}${environment === 'production' ? '' : ` -e ${environment}`}`, remediation: null }, actor, now)
  return [`${series} burns too fast: ${because}`]
}
