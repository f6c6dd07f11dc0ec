/** `GET /metrics` for a Prometheus: with a token as bearer, or as the password of basic auth (any user). No other credential opens it. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '#base/clock.ts'
import { AppError } from '#base/errors.ts'
import type { Caller } from '#kernel/handlers.ts'
import type { AccessService } from '#people/access/service.ts'
import { bearerOf } from '#surfaces/api/credentials.ts'
import { problemOf } from '#surfaces/api/problem.ts'

export function metricsDoor({ access, text, clock }: { access: Pick<AccessService, 'callerOfToken'>; text: (apps: Caller['apps'], now: Date) => string; clock: Clock }) {
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const token = bearerOf(request) ?? passwordOf(request)
    const caller = token === undefined ? undefined : await access.callerOfToken(token, clock.now())
    if (!caller) throw new AppError('unauthenticated', 'a scrape needs a token with read access: as bearer token, or as the password of basic auth (nightshift tokens create)')
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' })
    response.end(request.method === 'HEAD' ? undefined : text(caller.apps, clock.now()))
  }

  return (request: IncomingMessage, response: ServerResponse): boolean => {
    if ((request.url ?? '').split('?')[0] !== '/metrics' || (request.method !== 'GET' && request.method !== 'HEAD')) return false
    answer(request, response).catch((error: unknown) => {
      const { problem, headers } = problemOf(error)
      if (!response.headersSent) response.writeHead(problem.status, { ...headers, ...(problem.status === 401 ? { 'www-authenticate': ['Bearer realm="nightshift"', 'Basic realm="nightshift"'] } : {}) })
      response.end(JSON.stringify(problem))
    })
    return true
  }
}

function passwordOf(request: IncomingMessage): string | undefined {
  const [, encoded] = /^Basic ([A-Za-z0-9+/=]{1,600})$/i.exec(request.headers.authorization ?? '') ?? []
  return encoded === undefined ? undefined : /^[^:]*:([\x21-\x7e]{1,200})$/.exec(Buffer.from(encoded, 'base64').toString('utf8'))?.[1]
}
