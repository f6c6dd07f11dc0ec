import { AppError } from '#base/errors.ts'
import type { Database } from '#kernel/db/db.ts'
import type { Handlers } from '#kernel/handlers.ts'
import type { Choose } from '#run/apps/model.ts'
import { readMachines } from './read.ts'
import { tagMachine } from './service.ts'

export function machineRoutes({ db, choose }: { db: Database; choose: Choose }): Handlers {
  return {
    'machines.list': async ({ query }, { caller }) => {
      const machines = await readMachines(db)
      if (query.query === undefined) return machines
      const chosen = await choose(query.query, caller.apps)
      return machines.filter(({ name }) => chosen.machines.has(name))
    },
    'machines.tag': async ({ params, body }, { caller, now }) => {
      if (caller.apps !== null) throw new AppError('forbidden', `this token is limited to ${caller.apps.join(', ')}, and a machine runs more than that (use a token without this limit)`)
      return tagMachine(db, params.machine, body, caller.actor, now)
    },
  }
}
