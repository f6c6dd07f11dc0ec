import type { Handlers } from '#kernel/handlers.ts'
import type { AccessService } from './service.ts'

/** `login.redeem` and `login.logout` set cookies and live in surfaces/api. */
export function accessRoutes(access: AccessService, consoleUrl: () => string): Handlers {
  return {
    'login.link': async ({ body }, { caller, now }) => {
      const { code, expiresAt } = await access.createLoginLink(caller, body.name, now)
      return { url: `${consoleUrl()}/login?code=${code}`, expiresAt: expiresAt.toISOString() }
    },
    'tokens.list': () => access.listTokens(),
    'tokens.create': ({ body }, { caller, now }) => access.createToken(caller, body, now),
    'tokens.revoke': async ({ params }, { caller, now }) => {
      await access.revokeToken(caller, params.id, now)
      return {}
    },
  }
}
