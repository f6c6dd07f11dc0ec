/** The effect of a rung, inside the transaction that notes it: a wish that the loops of the run floor carry out. A sentence about what was done. */
import { AppError } from '#base/errors.ts'
import type { Db } from '#kernel/db/db.ts'
import { record } from '#kernel/journal.ts'
import type { Undo } from '#heal/causes/model.ts'
import type { Target } from '#heal/signals/model.ts'
import { lockEnvironment, setScale } from '#run/apps/commands.ts'
import { scalesOf } from '#run/apps/read-config.ts'
import { requestRestarts, restartInstance, retireInstance } from '#run/instances/commands.ts'
import { type InstanceRow, instanceNameOf } from '#run/instances/model.ts'
import { condemnRelease, rollbackRelease } from '#run/releases/commands.ts'
import { openRollout } from '#run/rollouts/read.ts'
import { type Action, healingActor as actor } from './model.ts'

type Try = Extract<Action, { do: 'try' }>

/** `stale` when the world is no longer as the plan saw it: nothing is done, and the next turn looks again. */
export async function perform(tx: Db, target: Target, action: Try, now: Date): Promise<string> {
  if (action.undo !== null) return undo(tx, target, action.undo, action.because, now)
  if (action.rung === 'restart' && action.instances.length === 0) return restartAll(tx, target, action.because)
  const done: string[] = []
  for (const id of action.instances) {
    const row = action.rung === 'restart' ? await restartInstance(tx, id, `healing: ${action.because}`) : await retireInstance(tx, id, `healing: ${action.because}`, now)
    if (row === undefined) continue
    await tell(tx, row, action, now)
    done.push(`${row.app}/${instanceNameOf(row)}`)
  }
  if (done.length === 0) throw new AppError('stale', 'the instances that were sick are gone')
  const names = done.join(' and ')
  return action.rung === 'restart' ? `${names} was started again` : `${names} was made anew${action.rung === 'move' ? ' on another machine' : ''}`
}

async function tell(tx: Db, row: InstanceRow, { rung, because }: Try, now: Date): Promise<void> {
  const { app, environment, service, machine, release } = row
  const base = { at: now, actor, app, environment, service, instance: instanceNameOf(row), machine, release, data: { id: row.id } }
  if (rung === 'restart') await record(tx, { ...base, kind: 'instance.restarting', summary: `${app}/${instanceNameOf(row)} restarts: ${because}` })
  else await record(tx, { ...base, kind: 'instance.removed', summary: `${app}/${instanceNameOf(row)} of v${release} leaves and is made anew: ${because}` })
}

/** One after the other, each only when the one before is ready again. */
async function restartAll(tx: Db, { app, environment, service }: Target, because: string): Promise<string> {
  if (app === null) throw new AppError('internal', 'only services have instances')
  const rows = await requestRestarts(tx, app, environment, { service }, `healing: ${because}`)
  if (rows.length === 0) throw new AppError('stale', `${app}/${service} has no instance`)
  return `the instances of ${app}/${service} are started again, one after the other`
}

async function undo(tx: Db, { app, environment }: Target, change: Undo, because: string, now: Date): Promise<string> {
  if (app === null) throw new AppError('internal', 'a change of a machine cannot be undone')
  const { active_release } = await lockEnvironment(tx, app, environment)
  if (change.do === 'roll-back') {
    if (active_release !== change.release || (await openRollout(tx, app, environment)) !== undefined) throw new AppError('stale', `v${change.release} of ${app} serves no longer alone`)
    await condemnRelease(tx, app, environment, change.release, because)
    const back = await rollbackRelease(tx, { app, environment, to: change.to, because: `healing went back to v${change.to}: ${because}`, actor, now })
    return `${app} went back from v${change.release} to v${change.to}, as v${back.release}`
  }
  const scales = await scalesOf(tx, app, environment)
  if (Object.entries(change.from).some(([service, count]) => scales[service] !== count)) throw new AppError('stale', `the scale of ${app} was changed again`)
  for (const [service, count] of Object.entries(change.to)) await setScale(tx, app, environment, service, count)
  const text = Object.entries(change.to).map(([service, count]) => `${service}=${count ?? 'as in the manifest'}`).join(' ')
  await record(tx, { at: now, kind: 'scale.changed', actor, app, environment, summary: `healing scaled ${app} back: ${text}`, data: { services: change.to, before: change.from } })
  return `${app} was scaled back: ${text}`
}
