/** Folds results into rows, judges every check that is concerned, and tells: states, history, events and alerts in one transaction. */
import type { Actor } from '#contract/model.ts'
import type { CheckResult } from '#contract/checks.ts'
import { storable } from '#base/storable.ts'
import { formatDuration } from '#base/units.ts'
import type { Database, Db } from '#kernel/db/db.ts'
import { record } from '#kernel/journal.ts'
import { clearAlert, raiseAlert } from '#watch/alerts/commands.ts'
import { told } from './judge.ts'
import type { Seen, SeenBy } from './model.ts'
import { type WithState, alertIdOf, pointMs, readChecks, readWindows } from './read.ts'
import { type Verdict, foldResult, verdicts } from './state.ts'
import * as store from './store.ts'

const actor: Actor = { kind: 'loop', name: 'checks' }

/** What happened, in sentences; and the checks that are concerned. */
export async function settle(db: Database, given: readonly CheckResult[], now: Date): Promise<{ said: string[]; rows: WithState[] }> {
  // what a check says comes from whatever it looked at
  const results = given.map(plainResult)
  return db.transaction(async (tx) => {
    await store.lockStates(tx)
    const rows = await readChecks(tx, results.length === 0 ? null : [...new Set(results.map(({ check }) => check))])
    if (results.length > 0) await fold(tx, rows, results, now)
    return { said: await judgeAll(tx, rows, now), rows }
  })
}

const mostMessageChars = 1000

function plainResult(result: CheckResult): CheckResult {
  const metrics = result.metrics.filter(({ value }) => typeof value === 'string' || Number.isFinite(value))
  return storable({ ...result, message: result.message.slice(0, mostMessageChars), durationMs: Number.isFinite(result.durationMs) ? result.durationMs : 0, metrics })
}

async function fold(tx: Db, rows: readonly WithState[], results: readonly CheckResult[], now: Date): Promise<void> {
  const byId = new Map(rows.map((row) => [row.id, row]))
  const seen = new Map<string, SeenBy>()
  const points = new Map<string, store.Point>()
  const notable: store.ResultRow[] = []
  for (const result of results) {
    const row = byId.get(result.check)
    if (row === undefined || row.paused_by !== null) continue
    const { vantage, status, message, durationMs } = result
    // a clock that is ahead must not make what comes after it look old
    const atMs = Math.min(Date.parse(result.at), now.getTime())
    const before = row.seen[vantage]
    const after = foldResult(before, { ...result, atMs }, now.getTime())
    row.seen[vantage] = after
    seen.set(row.id, row.seen)
    addTo(points, row.id, atMs, durationMs, status === 'err')
    if (isNews(before, after, row.retries)) notable.push({ check: row.id, at: new Date(atMs).toISOString(), vantage, status, message, duration_ms: durationMs })
  }
  if (seen.size === 0) return
  await store.writeSeen(tx, seen)
  await store.addPoints(tx, [...points.values()])
  await store.insertResults(tx, notable)
}

/** Another status, the first failures, and then once a minute what is said otherwise: a message with a time in it is another each time. */
function isNews(before: Seen | undefined, after: Seen, retries: number): boolean {
  if (before?.status !== after.status) return true
  if (after.status === 'ok') return false
  const isAnotherMinute = Math.floor(before.at / 60_000) !== Math.floor(after.at / 60_000)
  return (after.failures > 0 && after.failures <= retries + 1) || (isAnotherMinute && before.message !== after.message)
}

function addTo(points: Map<string, store.Point>, check: string, atMs: number, durationMs: number, isFailed: boolean): void {
  const at = new Date(Math.floor(atMs / pointMs) * pointMs).toISOString()
  const point = points.get(check + at) ?? { check, at, runs: 0, failed: 0, sum_ms: 0, max_ms: 0 }
  points.set(check + at, { ...point, runs: point.runs + 1, failed: point.failed + (isFailed ? 1 : 0), sum_ms: point.sum_ms + durationMs, max_ms: Math.max(point.max_ms, durationMs) })
}

async function judgeAll(tx: Db, rows: readonly WithState[], now: Date): Promise<string[]> {
  const found = verdicts(rows.map((row) => ({ ...row, before: row.state })), await readWindows(tx), now)
  const states: store.NewState[] = []
  const said: string[] = []
  for (const row of rows) {
    const verdict = found.get(row.id) as Verdict
    const { changed, event, alert } = told(row, verdict)
    if (!changed && alert === 'keep' && verdict.because === row.because) continue
    states.push({ check: row.id, state: verdict.state, because: verdict.because, alerted: alert === 'keep' ? row.alerted : alert, changed })
    if (event !== null) {
      const summary = event === 'check.down' ? `${row.name} is down: ${verdict.because}` : `${row.name} is up again after ${formatDuration(now.getTime() - row.since.getTime())}`
      await record(tx, { at: now, kind: event, actor, ...place(row), summary, data: { check: row.id, kind: row.kind, because: verdict.because, before: row.state } })
      said.push(summary)
    }
    if (alert !== 'keep') await setAlert(tx, row, verdict, alert, now)
  }
  if (states.length > 0) await store.writeStates(tx, states, now)
  return said
}

const place = ({ app, environment, service }: WithState) => ({ app, environment, service })

async function setAlert(tx: Db, row: WithState, { state, because }: Verdict, severity: 'critical' | 'warning' | null, now: Date): Promise<void> {
  const target = `check:${row.id}`
  const open = await alertIdOf(tx, target)
  if (open !== undefined) await clearAlert(tx, open, severity === null ? `the check is ${state === 'up' ? 'up' : state === 'maintenance' ? 'in maintenance' : state}` : `it is ${severity} now`, actor, now)
  if (severity === null) return
  const title = state === 'down' ? `${row.name} is down` : `${row.name} warns`
  await raiseAlert(tx, { target, ...place(row), machine: null, severity, title, because, way_out: `nightshift checks show ${row.id}`, remediation: null }, actor, now)
}

/** A check that goes takes its alert along. */
export async function clearAlertOf(tx: Db, id: string, because: string, by: Actor, now: Date): Promise<void> {
  const open = await alertIdOf(tx, `check:${id}`)
  if (open !== undefined) await clearAlert(tx, open, because, by, now)
}
