import type { Handlers } from '#kernel/handlers.ts'
import type { Search } from './service.ts'

export function searchRoutes(search: Search): Handlers {
  return { 'search.read': ({ query }, { caller, now }) => search(query, caller.apps, now) }
}
