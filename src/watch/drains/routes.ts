import type { Handlers } from '#kernel/handlers.ts'
import type { DrainService } from './service.ts'

export function drainRoutes(drains: DrainService): Handlers {
  return {
    'drains.list': ({ query }, { caller }) => drains.list(caller, query.app),
    'drains.add': ({ body }, { caller, now }) => drains.add(caller, body, now),
    'drains.test': ({ params }, { caller, now, signal }) => drains.test(caller, params.id, now, signal),
    'drains.remove': async ({ params }, { caller, now }) => {
      await drains.remove(caller, params.id, now)
      return {}
    },
  }
}
