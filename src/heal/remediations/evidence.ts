/** What was seen around a remediation: the journal, log lines, and what callers saw. */
import type { RemediationDetail } from '#contract/healing.ts'
import type { LogLine } from '#contract/model.ts'
import type { Database } from '#kernel/db/db.ts'
import { eventsSince } from '#watch/journal/read.ts'
import type { LogReader } from '#watch/logs/port.ts'
import { readTraffic } from '#watch/traffic/read.ts'
import type { RemediationRow } from './model.ts'
import { remediationView } from './read.ts'

/** Before it was noticed, and after it ended. */
const aroundMs = 5 * 60_000
const mostEvents = 200
const mostLines = 40
/** Traffic is kept for a day. */
const mostMinutes = 24 * 60

export async function detailOf(deps: { db: Database; lines: LogReader['read'] }, row: RemediationRow, apps: readonly string[] | null, now: Date): Promise<RemediationDetail> {
  const from = new Date(Date.parse(row.signal.since) - aroundMs)
  const until = new Date(Math.min(now.getTime(), (row.ended_at ?? now).getTime() + aroundMs))
  const events = await eventsSince(deps.db, { apps, app: row.app ?? undefined, environment: row.environment ?? undefined }, from, mostEvents, until)
  return {
    ...remediationView(row),
    events: row.machine === null ? events.filter((event) => event.service === null || event.service === row.service) : events.filter((event) => event.machine === row.machine),
    lines: await linesOf(deps.lines, row, from, until),
    traffic: await trafficOf(deps.db, row, from, until),
  }
}

async function linesOf(lines: LogReader['read'], { app, environment, service }: RemediationRow, since: Date, until: Date): Promise<LogLine[]> {
  if (app === null || environment === null || service === null) return []
  return (await lines({ app, environment, service, since, until, limit: mostLines })).lines
}

/** Of the route or edge that was asked most. */
async function trafficOf(db: Database, { app, environment, service }: RemediationRow, from: Date, until: Date): Promise<RemediationDetail['traffic']> {
  if (app === null || environment === null) return []
  const minutes = Math.min(mostMinutes, Math.max(1, Math.ceil((until.getTime() - from.getTime()) / 60_000)))
  const series = (await readTraffic(db, { app, environment, minutes }, until)).filter((one) => one.service === service)
  return series.toSorted((a, b) => b.requestRate - a.requestRate)[0]?.points ?? []
}
