/** Questions about remediations and the rules. */
import { AppError } from '#base/errors.ts'
import type { HealMode, HealOverview, HealRule, Remediation } from '#contract/healing.ts'
import type { Db } from '#kernel/db/db.ts'
import { spentOf } from './guards.ts'
import { pauseView, seesPause } from '#heal/pauses/model.ts'
import { openPauses } from '#heal/pauses/read.ts'
import type { HealFacts, RemediationRow } from './model.ts'
import { type Rule, type Tuning, fleetPerHour, rules, tuned } from './rules.ts'

const hourMs = 3_600_000

/** Open ones, those that ended within the last hour, and what a person took while something that was noticed before that still lasts. */
export async function recentRemediations(db: Db, now: Date): Promise<RemediationRow[]> {
  return db.query(
    `SELECT * FROM remediations WHERE ended_at IS NULL OR ended_at >= $1
     UNION SELECT r.* FROM signals s JOIN remediations r ON r.target = s.target WHERE r.state = 'dismissed' AND r.ended_at >= s.since ORDER BY opened_at, id`,
    [new Date(now.getTime() - hourMs)],
  )
}

/** By rule, where an operator set something. */
export async function readRuleSettings(db: Db): Promise<Pick<HealFacts, 'modes' | 'tunings'>> {
  const rows = await db.query<{ rule: string; mode: HealMode | null; verify_within_ms: number | null; per_target_per_hour: number | null; per_hour: number | null }>('SELECT * FROM heal_modes')
  return {
    modes: Object.fromEntries(rows.flatMap(({ rule, mode }) => (mode === null ? [] : [[rule, mode]]))),
    tunings: Object.fromEntries(rows.map((row) => [row.rule, { verifyWithinMs: row.verify_within_ms, perTargetPerHour: row.per_target_per_hour, perHour: row.per_hour }])),
  }
}

export async function readStop(db: Db): Promise<{ by: string; because: string; at: Date } | null> {
  const row = await db.one<{ stopped_by: string | null; stopped_because: string | null; stopped_at: Date | null }>('SELECT * FROM heal_state')
  return row.stopped_at === null ? null : { by: row.stopped_by ?? '', because: row.stopped_because ?? '', at: row.stopped_at }
}

export type RemediationFilter = { apps: readonly string[] | null; app?: string | undefined; environment?: string | undefined; service?: string | undefined; open?: boolean; before?: string | undefined; limit: number }

/** Newest first. `before`: the id of the last one that was read; many are noticed in one moment. `apps`: what the caller may see; those of machines are seen only by callers who see all. */
export async function listRemediations(db: Db, filter: RemediationFilter): Promise<Remediation[]> {
  const rows = await db.query<RemediationRow>(
    `SELECT * FROM remediations WHERE ($1::text[] IS NULL OR app = ANY ($1)) AND ($2::text IS NULL OR app = $2) AND ($3::text IS NULL OR environment = $3)
       AND ($4::text IS NULL OR service = $4) AND (NOT $5 OR ended_at IS NULL) AND ($6::text IS NULL OR (opened_at, id) < (SELECT opened_at, id FROM remediations WHERE id = $6)) ORDER BY opened_at DESC, id DESC LIMIT $7`,
    [filter.apps, filter.app ?? null, filter.environment ?? null, filter.service ?? null, filter.open ?? false, filter.before ?? null, filter.limit],
  )
  return rows.map(remediationView)
}

/** `not-found` also when the caller may not see it. */
export async function readRemediation(db: Db, id: string, apps: readonly string[] | null): Promise<RemediationRow> {
  const row = await db.maybe<RemediationRow>('SELECT * FROM remediations WHERE id = $1', [id])
  if (!row || (apps !== null && (row.app === null || !apps.includes(row.app)))) throw new AppError('not-found', `there is no remediation "${id}" (see: nightshift heal list)`)
  return row
}

export function remediationView({ opened_at, ended_at, approved_by: _, ...row }: RemediationRow): Remediation {
  return { ...row, openedAt: opened_at.toISOString(), endedAt: ended_at?.toISOString() ?? null }
}

/** `apps`: whose pauses the caller may see. */
export async function readOverview(db: Db, apps: readonly string[] | null, now: Date): Promise<HealOverview> {
  const spent = spentOf(await recentRemediations(db, now), now)
  const { modes, tunings } = await readRuleSettings(db)
  const pauses = (await openPauses(db, now)).filter((one) => seesPause(apps, one))
  const stop = await readStop(db)
  const { breaker } = await db.one<{ breaker: string | null }>('SELECT breaker FROM heal_state')
  return {
    rules: rules.map((rule) => ruleView(rule, modes[rule.id], tunings[rule.id], spent.filter((one) => one.rule === rule.id).length)),
    stopped: stop && { ...stop, at: stop.at.toISOString() },
    breaker, pauses: pauses.map(pauseView), actionsLastHour: spent.length, actionsPerHour: fleetPerHour,
  }
}

function ruleView(rule: Rule, mode: HealMode | undefined, tuning: Tuning | undefined, usedLastHour: number): HealRule {
  const isTuned = Object.values(tuning ?? {}).some((one) => one !== null)
  return { ...tuned(rule, tuning), signals: [...rule.signals], ladder: [...rule.ladder], mode: mode ?? rule.defaultMode, isTuned, usedLastHour }
}
