import type { Handlers } from '#kernel/handlers.ts'
import type { Loop } from '#kernel/loop.ts'
import { startDrains } from './loop.ts'
import { drainRoutes } from './routes.ts'
import { openDrainService } from './service.ts'

/** Drains as a whole: another set of them wakes the loop that keeps a pump for each. */
export function openDrains(deps: Parameters<typeof startDrains>[0]): { handlers: Handlers; start(): Loop } {
  let loop: Loop | undefined
  return {
    handlers: drainRoutes(openDrainService({ db: deps.db, box: deps.box, changed: () => loop?.wake() })),
    start: () => (loop = startDrains(deps)),
  }
}
