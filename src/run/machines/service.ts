/** Commands on machines. */
import { AppError } from '#base/errors.ts'
import { nearest } from '#base/nearest.ts'
import type { Actor, Machine } from '#contract/model.ts'
import type { Database } from '#kernel/db/db.ts'
import { record } from '#kernel/journal.ts'
import { markGoneWith } from '#run/instances/commands.ts'
import { changeTags, deleteMachine, lockMachine } from './commands.ts'
import { readMachines } from './read.ts'

const mostTags = 30

/** Idempotent: a tag that is there already, or is not there any more, changes nothing. */
export async function tagMachine(db: Database, machine: string, change: { add: readonly string[]; remove: readonly string[] }, actor: Actor, now: Date): Promise<Machine> {
  await db.transaction(async (tx) => {
    const tags = await changeTags(tx, machine, change.add, change.remove)
    if (tags === undefined) throw unknownMachine(machine, (await readMachines(tx)).map(({ name }) => name))
    if (tags.after.length > mostTags) throw new AppError('invalid', `${machine} would have ${tags.after.length} tags; ${mostTags} is the most (take some away: nightshift machines untag ${machine} TAG)`)
    const added = tags.after.filter((tag) => !tags.before.includes(tag))
    const removed = tags.before.filter((tag) => !tags.after.includes(tag))
    if (added.length + removed.length === 0) return
    const words = [added.length > 0 ? `tagged ${machine} ${added.join(', ')}` : '', removed.length > 0 ? `took ${removed.join(', ')} from ${machine}` : ''].filter(Boolean).join(' and ')
    await record(tx, { at: now, kind: 'machine.tagged', actor, machine, summary: `${actor.name} ${words}`, data: { tags: tags.after, added, removed } })
  })
  return (await readMachines(db)).find(({ name }) => name === machine) as Machine
}

/**
 * For a machine that never comes back: its instances are gone, and rollouts place new ones elsewhere. `conflict` while it is connected.
 * One that comes back all the same is a new machine, which has nothing to run.
 */
export async function forgetMachine(db: Database, machine: string, actor: Actor, now: Date): Promise<Machine> {
  return db.transaction(async (tx) => {
    const row = await lockMachine(tx, machine)
    const machines = await readMachines(tx)
    const forgotten = machines.find(({ name }) => name === machine)
    if (row === undefined || forgotten === undefined) throw unknownMachine(machine, machines.map(({ name }) => name))
    if (row.connected) throw new AppError('conflict', `${machine} is connected, and would be back at once (stop Nightshift there first)`)
    const ran = await markGoneWith(tx, machine, `${actor.name} forgot ${machine}`, now)
    await deleteMachine(tx, machine)
    await record(tx, { at: now, kind: 'machine.forgotten', actor, machine, summary: `${actor.name} forgot ${machine}, which was last seen at ${forgotten.lastSeenAt}; ${ran === 0 ? 'nothing was meant to run there' : `what ran there (${ran}) starts elsewhere`}`, data: { instances: ran, tags: forgotten.tags } })
    return forgotten
  })
}

function unknownMachine(machine: string, known: readonly string[]): AppError {
  const meant = nearest(machine, known)
  return new AppError('not-found', `there is no machine "${machine}"${meant ? ` (did you mean ${meant}?)` : ''} (see: nightshift machines)`)
}
