import type { Database } from '#kernel/db/db.ts'
import type { Handlers } from '#kernel/handlers.ts'
import { pause, unpause } from './service.ts'

export function pauseRoutes(db: Database): Handlers {
  return {
    'healing.pause': ({ body: { forMs, because, ...where } }, { caller, now }) => pause(db, { where, forMs, because, caller, now }),
    'healing.unpause': ({ params }, { caller, now }) => unpause(db, { id: params.id, caller, now }),
  }
}
