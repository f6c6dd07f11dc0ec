/** What people tell healing: authorised by the surface; one transaction each, rows and event. */
import { AppError } from '#base/errors.ts'
import { nearest } from '#base/nearest.ts'
import { formatDuration } from '#base/units.ts'
import type { HealOverview, HealRule, Remediation, RuleSettings } from '#contract/healing.ts'
import type { Actor } from '#contract/model.ts'
import type { Database, Db } from '#kernel/db/db.ts'
import { record } from '#kernel/journal.ts'
import { targetName, targetOf } from '#heal/signals/model.ts'
import type { RemediationRow } from './model.ts'
import { readOverview, readRemediation, remediationView } from './read.ts'
import { rules } from './rules.ts'
import { endRemediation, lockOpen, noteApproval, saveRuleSettings, setStopped } from './store.ts'

type Command = { actor: Actor; now: Date }
/** `apps`: what the caller may see. */
type OfOne = Command & { id: string; apps: readonly string[] | null }

/** The action that is suggested is done at the next turn. `conflict` when none is. Idempotent while it waits. */
export async function approve(db: Database, { id, apps, actor, now }: OfOne): Promise<Remediation> {
  return db.transaction(async (tx) => {
    const row = await openRow(tx, id, apps)
    if (row.state !== 'suggested') throw new AppError('conflict', `${targetName(targetOf(row.target))} waits for no approval: it is ${row.state}, ${row.because}`)
    if (row.approved_by !== null) return remediationView(row)
    await noteApproval(tx, id, actor.name)
    await tell(tx, row, 'remediation.approved', `${actor.name} approved: ${row.next} of ${targetName(targetOf(row.target))}`, { actor, now })
    return remediationView(row)
  })
}

/** Healing leaves the target alone until what it noticed is gone. `conflict` when it has ended. */
export async function dismiss(db: Database, { id, apps, actor, now }: OfOne): Promise<Remediation> {
  return db.transaction(async (tx) => {
    const row = await openRow(tx, id, apps)
    const because = `${actor.name} looks after it`
    await endRemediation(tx, row, 'dismissed', because, now)
    await tell(tx, row, 'remediation.dismissed', `${targetName(targetOf(row.target))}: ${because}`, { actor, now })
    return remediationView({ ...row, state: 'dismissed', because, ended_at: now })
  })
}

async function openRow(tx: Db, id: string, apps: readonly string[] | null): Promise<RemediationRow> {
  const seen = await readRemediation(tx, id, apps)
  const row = await lockOpen(tx, id)
  if (!row) throw new AppError('conflict', `the remediation of ${targetName(targetOf(seen.target))} has ended: ${seen.state}, ${seen.because}`)
  return row
}

async function tell(tx: Db, row: RemediationRow, kind: 'remediation.approved' | 'remediation.dismissed', summary: string, { actor, now }: Command): Promise<void> {
  await record(tx, { at: now, kind, actor, app: row.app, environment: row.environment, service: row.service, machine: row.machine, summary, data: { remediation: row.id } })
}

export async function changeRule(db: Database, { rule, settings, actor, now }: Command & { rule: string; settings: RuleSettings }): Promise<HealRule> {
  const known = rules.map(({ id }) => id)
  if (!known.includes(rule)) {
    const meant = nearest(rule, known)
    throw new AppError('not-found', `there is no healing rule "${rule}"${meant ? ` (did you mean ${meant}?)` : ''}; there are ${known.join(', ')}`)
  }
  await db.transaction(async (tx) => {
    await saveRuleSettings(tx, rule, settings, actor.name, now)
    await record(tx, { at: now, kind: 'healing.rule-changed', actor, summary: `${actor.name} set the healing rule "${rule}": ${settingsWords(settings)}`, data: { rule, ...settings } })
  })
  return (await readOverview(db, null, now)).rules.find(({ id }) => id === rule) as HealRule
}

/** `mode off, verified within 1 m, perHour as it was made`. */
function settingsWords({ mode, verifyWithinMs, perTargetPerHour, perHour }: RuleSettings): string {
  const word = <T>(name: string, value: T | null | undefined, of: (value: T) => string) => (value === undefined ? [] : [value === null ? `${name} as it was made` : `${name} ${of(value)}`])
  return [...word('mode', mode, String), ...word('verified within', verifyWithinMs, formatDuration), ...word('actions an hour on one target:', perTargetPerHour, String), ...word('actions an hour:', perHour, String)].join(', ')
}

/** Idempotent: the first stop stands. */
export async function stopHealing(db: Database, { because, actor, now }: Command & { because: string }): Promise<HealOverview> {
  await db.transaction(async (tx) => {
    if (await setStopped(tx, { by: actor.name, because, at: now })) await record(tx, { at: now, kind: 'healing.stopped', actor, summary: `${actor.name} stopped healing: ${because}` })
  })
  return readOverview(db, null, now)
}

/** Idempotent. */
export async function resumeHealing(db: Database, { actor, now }: Command): Promise<HealOverview> {
  await db.transaction(async (tx) => {
    if (await setStopped(tx, null)) await record(tx, { at: now, kind: 'healing.resumed', actor, summary: `${actor.name} let healing go on` })
  })
  return readOverview(db, null, now)
}
