import type { Database } from '#kernel/db/db.ts'
import type { Handlers } from '#kernel/handlers.ts'
import type { LogReader } from '#watch/logs/port.ts'
import { detailOf } from './evidence.ts'
import { listRemediations, readOverview, readRemediation } from './read.ts'
import { approve, changeRule, dismiss, resumeHealing, stopHealing } from './service.ts'

export function healingRoutes(deps: { db: Database; lines: LogReader['read'] }): Handlers {
  const { db } = deps
  return {
    'healing.overview': (_, { caller, now }) => readOverview(db, caller.apps, now),
    'healing.list': ({ query }, { caller }) => listRemediations(db, { ...query, apps: caller.apps }),
    'healing.read': async ({ params }, { caller, now }) => detailOf(deps, await readRemediation(db, params.id, caller.apps), caller.apps, now),
    'healing.approve': ({ params }, { caller, now }) => approve(db, { id: params.id, apps: caller.apps, actor: caller.actor, now }),
    'healing.dismiss': ({ params }, { caller, now }) => dismiss(db, { id: params.id, apps: caller.apps, actor: caller.actor, now }),
    'healing.setRule': ({ params, body }, { caller, now }) => changeRule(db, { rule: params.rule, settings: body, actor: caller.actor, now }),
    'healing.stop': ({ body }, { caller, now }) => stopHealing(db, { because: body.because, actor: caller.actor, now }),
    'healing.resume': (_, { caller, now }) => resumeHealing(db, { actor: caller.actor, now }),
  }
}
