import type { Database } from '#kernel/db/db.ts'
import type { Handlers } from '#kernel/handlers.ts'
import { listSlos, putSlo, removeSlo, trySlo } from './service.ts'

type InApp = { params: { app: string }; query: { environment: string; service?: string | undefined } }
const placeOf = ({ params, query }: InApp) => ({ app: params.app, environment: query.environment, service: query.service ?? '' })

export function sloRoutes({ db, wake }: { db: Database; wake: () => void }): Handlers {
  return {
    'slos.list': ({ query }, { caller, now }) => listSlos(db, { apps: caller.apps, ...query }, now),
    'slos.put': async (input, { caller, now }) => {
      await putSlo(db, placeOf(input), input.body, caller, now)
      wake()
      return listSlos(db, { apps: caller.apps, app: input.params.app, environment: input.query.environment }, now)
    },
    'slos.test': (input, { now }) => trySlo(db, placeOf(input), input.body, now),
    'slos.remove': async (input, { caller, now }) => {
      await removeSlo(db, placeOf(input), caller, now)
      wake()
      return listSlos(db, { apps: caller.apps, app: input.params.app, environment: input.query.environment }, now)
    },
  }
}
