/** Each action of the plan as one idempotent transaction: the rows and the event. */
import type { Actor } from '#contract/model.ts'
import type { Database } from '#kernel/db/db.ts'
import { record } from '#kernel/journal.ts'
import { instanceNameOf } from '#run/instances/model.ts'
import { insertInstance, restartInstance, retireInstance } from '#run/instances/commands.ts'
import { lockEnvironment, setActiveRelease } from '#run/apps/commands.ts'
import { addRolloutStep, advanceRollout } from './commands.ts'
import type { Action, EnvironmentFacts } from './model.ts'

const actor: Actor = { kind: 'loop', name: 'rollouts' }

export async function applyAction(db: Database, facts: EnvironmentFacts, action: Action, machine: string, now: Date): Promise<void> {
  const { app, environment } = facts
  await db.transaction(async (tx) => {
    switch (action.do) {
      case 'create': {
        await lockEnvironment(tx, app, environment) // gone app: not-found, and nothing is made
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
      case 'advance':
        return advance(tx, facts, action, now)
    }
  })
}

async function advance(tx: Parameters<Parameters<Database['transaction']>[0]>[0], facts: EnvironmentFacts, action: Extract<Action, { do: 'advance' }>, now: Date): Promise<void> {
  const { app, environment, rollout } = facts
  if (rollout === null) return
  await lockEnvironment(tx, app, environment)
  await advanceRollout(tx, rollout.id, rollout.state, action.to, { name: action.step, detail: action.because }, now)
  const release = rollout.target.number
  const base = { at: now, actor, app, environment, release } as const
  if (action.to === 'finished') {
    await setActiveRelease(tx, app, environment, release)
    const activated = await record(tx, { ...base, kind: 'release.activated', summary: `${app} v${release} serves` })
    await record(tx, { ...base, kind: 'rollout.finished', cause: activated ?? null, summary: `the rollout of ${app} v${release} is done`, data: { rollout: rollout.id, tookMs: now.getTime() - rollout.startedAt.getTime() } })
  } else if (action.to === 'failed') {
    const failed = await record(tx, { ...base, kind: 'release.failed', summary: `${app} v${release} failed: ${action.because}` })
    const serves = facts.active ? `v${facts.active.number} serves on` : 'nothing serves yet'
    await record(tx, { ...base, kind: 'rollout.failed', cause: failed ?? null, summary: `the rollout of ${app} v${release} was given up: ${action.because}; ${serves}`, data: { rollout: rollout.id, because: action.because } })
  }
}

/** Marks how far the new release has come: started → healthy → shifted, each once. */
export async function noteProgress(db: Database, facts: EnvironmentFacts, now: Date): Promise<void> {
  const { rollout } = facts
  if (rollout?.state !== 'starting') return
  const services = facts.instances.filter((instance) => instance.kind === 'service' && instance.wanted === 'run')
  const fresh = services.filter((instance) => instance.release === rollout.target.number)
  const wanted = rollout.target.services.reduce((sum, service) => sum + service.count, 0)
  const ready = fresh.filter((instance) => instance.state === 'ready' || instance.state === 'exited').length
  const note = (name: string, detail: string) => addRolloutStep(db, rollout.id, { name, detail }, now)
  if (fresh.some((instance) => instance.state !== null && instance.state !== 'waiting')) await note('started', `the first instance of v${rollout.target.number} is up`)
  if (fresh.length >= wanted && ready >= wanted) {
    await note('healthy', `${ready} of ${wanted} instances are ready`)
    if (services.length === fresh.length) await note('shifted', 'all requests go to the new instances')
  }
}
