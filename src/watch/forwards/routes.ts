import type { Handlers } from '#kernel/handlers.ts'
import type { ForwardService } from './service.ts'

export function forwardRoutes(forwards: ForwardService): Handlers {
  return {
    'forwards.list': (_, { caller }) => forwards.list(caller),
    'forwards.add': ({ body }, { caller, now }) => forwards.add(caller, body, now),
    'forwards.test': ({ params }, { caller, now, signal }) => forwards.test(caller, params.id, now, signal),
    'forwards.remove': async ({ params }, { caller, now }) => {
      await forwards.remove(caller, params.id, now)
      return {}
    },
  }
}
