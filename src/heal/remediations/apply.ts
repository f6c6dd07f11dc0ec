/**
 * Each action of the plan as one transaction: the row, the effect, and the event, all or nothing; so a kill -9 between two actions leaves
 * nothing half-done, and the next turn goes on from what is there. Idempotent: what has ended, or is no longer as the plan saw it, stays as it is.
 */
import { AppError } from '#base/errors.ts'
import { newId } from '#base/ids.ts'
import type { Remediation, Try } from '#contract/healing.ts'
import type { Database, Db } from '#kernel/db/db.ts'
import { record } from '#kernel/journal.ts'
import { clearAlert, raiseAlert } from '#watch/alerts/commands.ts'
import { targetKey, targetName } from '#heal/signals/model.ts'
import { perform } from './perform.ts'
import { type Action, type RemediationRow, healingActor, remediationTransitions } from './model.ts'
import { readStop } from './read.ts'
import { endRemediation, insertRemediation, lockOpen, noteWaiting, saveTries, setBreaker } from './store.ts'

export type ApplyDeps = {
  db: Database
  /** Frees disk on a machine; a sentence about what was freed, or null when nothing could be. Idempotent. */
  prune: (machine: string) => Promise<string | null>
}

export async function applyAction({ db, prune }: ApplyDeps, action: Action, now: Date): Promise<void> {
  // outside of the transaction: files know none, and to prune twice does no harm
  const pruned = action.do === 'try' && action.rung === 'prune' && action.target.machine !== null ? await prune(action.target.machine) : null
  await db.transaction((tx) => applyIn(tx, action, pruned, now))
}

async function applyIn(tx: Db, action: Action, pruned: string | null, now: Date): Promise<void> {
  const { target, because } = action
  switch (action.do) {
    case 'open':
      return open(tx, action, now)
    case 'note':
      return note(tx, action, now)
    case 'try':
      return attempt(tx, action, pruned, now)
    case 'settle':
      return settle(tx, action, now)
    case 'end':
      return end(tx, action, now)
    case 'raise':
      return raiseAlert(tx, { target: targetKey(target), ...target, severity: action.severity, title: action.title, because, way_out: action.wayOut, remediation: action.remediation }, healingActor, now)
    case 'clear':
      return clearAlert(tx, action.alert, because, healingActor, now)
  }
}

type Of<Do extends Action['do']> = Extract<Action, { do: Do }>

async function open(tx: Db, { target, because, rule, signal, cause }: Of<'open'>, now: Date): Promise<void> {
  const row = { id: newId('rem', now), rule, target: targetKey(target), ...target, signal, cause, because, opened_at: now }
  if (await insertRemediation(tx, row)) await tell(tx, row, 'remediation.opened', `${targetName(target)}: ${because}`, now, { signal: signal.kind, cause: cause.kind, rule }, cause.event)
}

async function note(tx: Db, action: Of<'note'>, now: Date): Promise<void> {
  const row = await lockOpen(tx, action.id)
  if (!row || !may(row, action.state)) return
  await noteWaiting(tx, row.id, action)
  if (action.state === 'suggested' && row.state !== 'suggested') await tell(tx, row, 'remediation.suggested', `${targetName(action.target)}: ${action.next} is suggested (nightshift heal approve ${row.id})`, now, { rung: action.next })
}

async function attempt(tx: Db, action: Of<'try'>, pruned: string | null, now: Date): Promise<void> {
  const { target, because } = action
  const row = await lockOpen(tx, action.id)
  if (!row || !may(row, 'verifying') || row.tries.some((one) => one.rung === action.rung)) return
  // whoever stopped it was told that nothing is done any more; the turn under way may have been planned before
  if ((await readStop(tx)) !== null) throw new AppError('stale', 'healing was stopped meanwhile: what was planned is stale')
  const did = action.rung === 'prune' ? (pruned ?? 'nothing could be removed') : await perform(tx, target, action, now)
  const one: Try = { rung: action.rung, did, at: now.toISOString(), by: action.by, outcome: 'verifying', verdict: null, verifyBy: action.verifyBy.toISOString(), endedAt: null }
  // the cause may have become another since the last turn that only waited: budgets and the story go by the one that was acted upon
  await saveTries(tx, { ...row, rule: action.rule, cause: action.cause, tries: [...row.tries, one] }, 'verifying', did)
  await tell(tx, row, 'remediation.tried', `${targetName(target)}: ${did}, because ${because}`, now, { rung: action.rung, by: action.by, rule: action.rule }, action.cause.event)
}

async function settle(tx: Db, action: Of<'settle'>, now: Date): Promise<void> {
  const { target, because } = action
  const row = await lockOpen(tx, action.id)
  const last = row?.tries.at(-1)
  if (!row || last === undefined || row.state !== 'verifying') return
  const tries = [...row.tries.slice(0, -1), { ...last, outcome: action.outcome, verdict: because, endedAt: now.toISOString() }]
  await saveTries(tx, { ...row, tries }, action.outcome === 'failed' ? 'waiting' : 'verifying', because)
  if (action.outcome === 'failed') await tell(tx, row, 'remediation.failed', `${targetName(target)}: it did not help that ${last.did}: ${because}`, now, { rung: last.rung })
}

async function end(tx: Db, action: Of<'end'>, now: Date): Promise<void> {
  const { target, because } = action
  const row = await lockOpen(tx, action.id)
  if (!row || !may(row, action.state)) return
  const { rule, cause } = action.state === 'handed-over' ? action : row
  await endRemediation(tx, { ...row, rule, cause }, action.state, because, now)
  await tell(tx, row, `remediation.${action.state}`, `${targetName(target)}: ${because}`, now, { tries: row.tries.map((one) => one.rung), tookMs: now.getTime() - row.opened_at.getTime() })
}

const may = (row: RemediationRow, to: Remediation['state']) => row.state === to || remediationTransitions[row.state].includes(to)

type Named = Pick<RemediationRow, 'id' | 'app' | 'environment' | 'service' | 'machine'>

async function tell(tx: Db, { id, app, environment, service, machine }: Named, kind: Parameters<typeof record>[1]['kind'], summary: string, now: Date, data: Record<string, unknown>, cause: number | null = null): Promise<void> {
  await record(tx, { at: now, kind, actor: healingActor, app, environment, service, machine, cause, summary, data: { remediation: id, ...data } })
}

/** Tells when it changes. */
export async function keepBreaker(db: Database, breaker: string | null, now: Date): Promise<void> {
  await db.transaction(async (tx) => {
    const before = await setBreaker(tx, breaker)
    if (before === undefined || (before === null) === (breaker === null)) return
    if (breaker !== null) await record(tx, { at: now, kind: 'healing.breaker-opened', actor: healingActor, summary: `healing leaves instances alone: ${breaker}` })
    else await record(tx, { at: now, kind: 'healing.breaker-closed', actor: healingActor, summary: 'healing goes on: most of it is well again' })
  })
}
