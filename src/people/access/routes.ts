import { AppError } from '#base/errors.ts'
import type { Handlers } from '#kernel/handlers.ts'
import type { AccessService } from './service.ts'

/** `login.redeem` and `login.logout` set cookies and live in surfaces/api. */
export function accessRoutes({ access, consoleUrl, unknownApps }: { access: AccessService; consoleUrl: () => string; /** Those of the names that no app has. */ unknownApps: (names: string[]) => Promise<string[]> }): Handlers {
  return {
    'login.link': async ({ body }, { caller, now }) => {
      const { code, expiresAt } = await access.createLoginLink(caller, body.name, now)
      return { url: `${consoleUrl()}/login?code=${code}`, expiresAt: expiresAt.toISOString() }
    },
    'tokens.list': () => access.listTokens(),
    'tokens.create': async ({ body }, { caller, now }) => {
      const unknown = await unknownApps(body.apps ?? [])
      if (unknown.length > 0) throw new AppError('not-found', `there is no app ${unknown.map((name) => `"${name}"`).join(', ')} to limit the token to (make it first: nightshift apps create ${unknown[0]}; what there is: nightshift apps)`)
      return access.createToken(caller, body, now)
    },
    'tokens.revoke': async ({ params }, { caller, now }) => {
      await access.revokeToken(caller, params.id, now)
      return {}
    },
  }
}
