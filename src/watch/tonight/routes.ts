import type { Handlers } from '#kernel/handlers.ts'
import { type TonightDeps, readTonight } from './read.ts'

export function tonightRoutes(deps: TonightDeps): Handlers {
  return { 'tonight.read': (_, { caller, now }) => readTonight(deps, caller.apps, now) }
}
