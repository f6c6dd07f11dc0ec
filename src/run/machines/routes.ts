import { AppError } from '#base/errors.ts'
import type { Database } from '#kernel/db/db.ts'
import type { Caller, Handlers } from '#kernel/handlers.ts'
import type { Choose } from '#run/apps/model.ts'
import { readMachines } from './read.ts'
import { forgetMachine, tagMachine } from './service.ts'

export function machineRoutes({ db, choose }: { db: Database; choose: Choose }): Handlers {
  return {
    'machines.list': async ({ query }, { caller }) => {
      const machines = await readMachines(db)
      if (query.query === undefined && caller.apps === null) return machines
      // a caller of some apps sees those on which these run, here as on the map and in searches
      const chosen = await choose(query.query ?? 'machine:*', caller.apps)
      return machines.filter(({ name }) => chosen.machines.has(name))
    },
    'machines.tag': async ({ params, body }, { caller, now }) => {
      assertAllApps(caller)
      return tagMachine(db, params.machine, body, caller.actor, now)
    },
    'machines.forget': async ({ params }, { caller, now }) => {
      assertAllApps(caller)
      return forgetMachine(db, params.machine, caller.actor, now)
    },
  }
}

function assertAllApps({ apps }: Caller): void {
  if (apps !== null) throw new AppError('forbidden', `this token is limited to ${apps.join(', ')}, and a machine runs more than that (use a token without this limit)`)
}
