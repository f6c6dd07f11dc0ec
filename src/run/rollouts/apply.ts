/** Each action of the plan as one idempotent transaction: the rows and the event. `stale` when the environment is no longer as the plan saw it. */
import { AppError } from '#base/errors.ts'
import type { Actor } from '#contract/model.ts'
import type { Database, Db } from '#kernel/db/db.ts'
import { record } from '#kernel/journal.ts'
import { instanceNameOf } from '#run/instances/model.ts'
import { insertInstance, restartInstance, retireInstance } from '#run/instances/commands.ts'
import { lockEnvironment, setActiveRelease } from '#run/apps/commands.ts'
import { readRelease } from '#run/releases/read.ts'
import { restoreAfterFailedRollback } from '#run/releases/failed-rollback.ts'
import { addRolloutStep, advanceRollout } from './commands.ts'
import type { Action, EnvironmentFacts } from './model.ts'
import { shareOf } from './plan.ts'
import { openRollout } from './read.ts'

const actor: Actor = { kind: 'loop', name: 'rollouts' }

export async function applyAction(db: Database, facts: EnvironmentFacts, action: Action, machine: string, now: Date): Promise<void> {
  const { app, environment } = facts
  await db.transaction(async (tx) => {
    await assertAsSeen(tx, facts)
    switch (action.do) {
      case 'create': {
        const id = await insertInstance(tx, { app, environment, kind: action.kind, service: action.service, ordinal: action.ordinal, release: action.release, machine, because: action.because, now })
        await record(tx, { at: now, kind: 'instance.created', actor, app, environment, service: action.service, instance: `${action.service}.${action.ordinal}`, machine, release: action.release, summary: `${app}/${action.service}.${action.ordinal} of v${action.release} was asked for: ${action.because}`, data: { id } })
        return
      }
      case 'retire': {
        const row = await retireInstance(tx, action.instance, action.because, now)
        if (row) await record(tx, { at: now, kind: 'instance.removed', actor, app, environment, service: row.service, instance: instanceNameOf(row), machine: row.machine, release: row.release, summary: `${app}/${instanceNameOf(row)} of v${row.release} leaves: ${action.because}`, data: { id: row.id } })
        return
      }
      case 'restart': {
        const row = await restartInstance(tx, action.instance, action.because)
        if (row) await record(tx, { at: now, kind: 'instance.restarting', actor, app, environment, service: row.service, instance: instanceNameOf(row), machine: row.machine, release: row.release, summary: `${app}/${instanceNameOf(row)} restarts: ${action.because}`, data: { id: row.id } })
        return
      }
      case 'note':
        return note(tx, facts, action, now)
      case 'advance':
        return advance(tx, facts, action, now)
    }
  })
}

/** Locks the environment: whoever changes it waits, and what changed before is seen. A gone app: not-found, and nothing is made. */
async function assertAsSeen(tx: Db, { app, environment, stopped, active, rollout }: EnvironmentFacts): Promise<void> {
  const is = await lockEnvironment(tx, app, environment)
  const open = await openRollout(tx, app, environment)
  const isSame = is.stopped === stopped && is.active_release === (active?.number ?? null) && open?.id === rollout?.id && open?.state === rollout?.state
  if (!isSame) throw new AppError('stale', `${app} in ${environment} was changed meanwhile`)
}

async function note(tx: Db, { app, environment, rollout }: EnvironmentFacts, { step, because }: Extract<Action, { do: 'note' }>, now: Date): Promise<void> {
  if (rollout === null) return
  await addRolloutStep(tx, rollout.id, { name: step, detail: because }, now)
  if (shareOf(step) !== null) await record(tx, { at: now, kind: 'rollout.shared', actor, app, environment, release: rollout.target.number, summary: `${app}: ${because}`, data: { rollout: rollout.id, percent: shareOf(step) } })
}

async function advance(tx: Db, facts: EnvironmentFacts, action: Extract<Action, { do: 'advance' }>, now: Date): Promise<void> {
  const { app, environment, rollout } = facts
  if (rollout === null) return
  await advanceRollout(tx, rollout.id, rollout.state, action.to, { name: action.step, detail: action.because }, now)
  const release = rollout.target.number
  const base = { at: now, actor, app, environment, release } as const
  if (action.to === 'finished') {
    await setActiveRelease(tx, app, environment, release)
    const { description, by_name: by } = await readRelease(tx, app, environment, release)
    const activated = await record(tx, { ...base, kind: 'release.activated', summary: `${app} v${release} serves: ${description} (${by})`, data: { description, by } })
    await record(tx, { ...base, kind: 'rollout.finished', cause: activated ?? null, summary: `the rollout of ${app} v${release} is done`, data: { rollout: rollout.id, tookMs: now.getTime() - rollout.startedAt.getTime() } })
  } else if (action.to === 'failed') {
    const failed = await record(tx, { ...base, kind: 'release.failed', summary: `${app} v${release} failed: ${action.because}` })
    const serves = facts.active ? `v${facts.active.number} serves on` : 'nothing serves yet'
    await restoreAfterFailedRollback(tx, { app, environment, release, now })
    await record(tx, { ...base, kind: 'rollout.failed', cause: failed ?? null, summary: `the rollout of ${app} v${release} was given up: ${action.because}; ${serves}`, data: { rollout: rollout.id, because: action.because } })
  }
}
