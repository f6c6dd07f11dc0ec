import type { Handlers } from '#kernel/handlers.ts'
import { type WhyDeps, readWhy } from './read.ts'

export function whyRoutes(deps: WhyDeps): Handlers {
  return { 'why.read': ({ params, query }, { now }) => readWhy(deps, { ...params, ...query }, now) }
}
