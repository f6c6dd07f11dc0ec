import type { Handlers } from '#kernel/handlers.ts'
import type { Loop } from '#kernel/loop.ts'
import { startForwards } from './loop.ts'
import { forwardRoutes } from './routes.ts'
import { openForwardService } from './service.ts'

/** Forwards as a whole: another set of them wakes the loop that keeps a pump for each. */
export function openForwards(deps: Parameters<typeof startForwards>[0]): { handlers: Handlers; start(): Loop } {
  let loop: Loop | undefined
  return {
    handlers: forwardRoutes(openForwardService({ db: deps.db, box: deps.box, changed: () => loop?.wake() })),
    start: () => (loop = startForwards(deps)),
  }
}
