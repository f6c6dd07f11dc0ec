import type { Handlers } from '#kernel/handlers.ts'
import type { Traces } from './service.ts'

export function traceRoutes(traces: Pick<Traces, 'list' | 'read'>): Handlers {
  return {
    'traces.list': ({ query }, { caller, now }) => traces.list(query, caller.apps, now),
    'traces.read': ({ params }, { caller }) => traces.read(params.trace, caller.apps),
  }
}
