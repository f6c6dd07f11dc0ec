import type { Bell } from '#kernel/bell.ts'
import type { Db } from '#kernel/db/db.ts'
import type { Handlers } from '#kernel/handlers.ts'
import { listChanges, listEvents, streamEvents } from './read.ts'

export function journalRoutes(deps: { db: Db; changed: Bell }): Handlers {
  return {
    'events.list': ({ query }, { caller }) => listEvents(deps.db, { ...query, apps: caller.apps }, query),
    'changes.list': ({ query }, { caller }) => listChanges(deps.db, { ...query, apps: caller.apps }, query),
    'events.stream': async function* ({ query }, { caller, signal, lastEventId }) {
      const after = /^\d{1,15}$/.test(lastEventId ?? '') ? Number(lastEventId) : query.after
      for await (const event of streamEvents(deps, { ...query, apps: caller.apps }, after, signal)) yield { id: String(event.id), data: event }
    },
  }
}
