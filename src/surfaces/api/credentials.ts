/** From an HTTP request to a caller: bearer token, or session cookie plus the header that no foreign form can send. */
import type { IncomingMessage } from 'node:http'
import type { Clock } from '#base/clock.ts'
import { AppError, isAppError } from '#base/errors.ts'
import type { Caller } from '#kernel/handlers.ts'
import { sessionCookie } from '#people/access/model.ts'
import type { AccessService } from '#people/access/service.ts'

const safeMethods = new Set(['GET', 'HEAD'])

export function bearerOf(request: IncomingMessage): string | undefined {
  return /^Bearer ([\x21-\x7e]{1,200})$/i.exec(request.headers.authorization ?? '')?.[1]
}

export function cookieOf(request: IncomingMessage, name: string): string | undefined {
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [key, value] = part.trim().split('=', 2)
    if (key === name && value) return value
  }
  return undefined
}

/** `unauthenticated` when there is no living credential, `forbidden` for a cookie in a request that may be forged. */
export async function callerOf(request: IncomingMessage, access: AccessService, now: Date): Promise<Caller> {
  const token = bearerOf(request)
  if (token !== undefined) {
    const caller = await access.callerOfToken(token, now)
    if (caller) return caller
    throw new AppError('unauthenticated', 'this token is unknown, revoked or expired')
  }
  const session = cookieOf(request, sessionCookie)
  const caller = session === undefined ? undefined : await access.callerOfSession(session, now)
  if (!caller) throw new AppError('unauthenticated', 'sign in, or send a token (Authorization: Bearer …)')
  if (!safeMethods.has(request.method ?? '') && request.headers['x-nightshift-client'] === undefined)
    throw new AppError('forbidden', 'a change with a session cookie needs the header x-nightshift-client, which the console sends')
  assertSameOrigin(request)
  return caller
}

const recheckMs = 2000

/**
 * For what outlasts its request: calls `ended` once when the credential is revoked or has expired, within seconds.
 * A database that is away ends nothing. @returns what stops the watch
 */
export function watchCredential(request: IncomingMessage, access: AccessService, clock: Clock, ended: (because: AppError) => void): () => void {
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  const later = () => {
    if (!stopped) timer = setTimeout(look, recheckMs).unref()
  }
  const look = () => {
    callerOf(request, access, clock.now()).then(later, (error: unknown) => {
      if (!isAppError(error, 'unauthenticated')) return later()
      if (!stopped) ended(error)
    })
  }
  later()
  return () => {
    stopped = true
    clearTimeout(timer)
  }
}

/** A cookie must not be used from another site's page: its Origin has to be our own host. */
function assertSameOrigin(request: IncomingMessage): void {
  const origin = request.headers.origin
  if (origin === undefined) return
  let host: string | undefined
  try {
    host = new URL(origin).host
  } catch {
    host = undefined
  }
  if (host === undefined || host !== request.headers.host) throw new AppError('forbidden', `requests from ${origin.slice(0, 100)} may not use this session`)
}
