import { AppError } from '#base/errors.ts'
import type { Db } from '#kernel/db/db.ts'
import type { Handlers } from '#kernel/handlers.ts'
import { readLoopStatus } from '#kernel/loop-status.ts'
import type { Reach } from '#run/apps/read.ts'
import type { Gateway } from '#surfaces/internal/gateway.ts'

export function systemRoutes({ db, version, reach, gateway }: { db: Db; version: string; reach: Reach; gateway: Gateway }): Handlers {
  return {
    'system.health': async () => ({ ok: true, version }),
    'loops.list': async (_, { caller }) => {
      if (caller.apps !== null) throw new AppError('forbidden', `what loops wait for names every app, and "${caller.actor.name}" is limited to ${caller.apps.join(', ') || 'none'}`)
      return readLoopStatus(db)
    },
    'system.info': async (_, { caller }) => ({
      version,
      apiUrl: reach.apiUrl(),
      ingressUrl: reach.ingressUrl(),
      httpPort: Number(new URL(reach.ingressUrl()).port || 80),
      httpsPort: reach.httpsPort(),
      driver: gateway.agents()[0]?.driver ?? null,
      actor: caller.actor,
      access: caller.access,
    }),
  }
}
