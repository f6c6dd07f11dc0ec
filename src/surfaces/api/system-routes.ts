import type { Handlers } from '#kernel/handlers.ts'
import type { Reach } from '#run/apps/read.ts'
import type { Gateway } from '#surfaces/internal/gateway.ts'

export function systemRoutes({ version, reach, gateway }: { version: string; reach: Reach; gateway: Gateway }): Handlers {
  return {
    'system.health': async () => ({ ok: true, version }),
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
