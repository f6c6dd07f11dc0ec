import type { Handlers } from '#kernel/handlers.ts'
import { type WhyDeps, readAppWhy, readWhy } from './read.ts'

export function whyRoutes(deps: WhyDeps): Handlers {
  return {
    'why.app': ({ params, query }, { now }) => readAppWhy(deps, { ...params, ...query }, now),
    'why.read': ({ params, query }, { now }) => readWhy(deps, { ...params, ...query }, now),
  }
}
