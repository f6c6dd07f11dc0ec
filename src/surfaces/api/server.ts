/**
 * The HTTP surface of control: the public API from the endpoint table, session cookies, the console's files, and the
 * doors that other surfaces open here (git, internal, terminals). Nothing is decided here: credential → access →
 * parse → handler → answer or problem. Every route denies by default; what is not in the table is 404 after sign-in.
 */
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { Duplex } from 'node:stream'
import cookie from '@fastify/cookie'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { type Clock, systemClock } from '#base/clock.ts'
import { AppError } from '#base/errors.ts'
import { newId } from '#base/ids.ts'
import { type EndpointId, type EndpointSpec, endpoints } from '#contract/endpoints.ts'
import { type Caller, type HandlerContext, type Handlers, allows, assertSees } from '#kernel/handlers.ts'
import type { Logger } from '#kernel/log.ts'
import { sessionCookie } from '#people/access/model.ts'
import type { AccessService } from '#people/access/service.ts'
import { serveConsole } from './console-files.ts'
import { callerOf, cookieOf, watchCredential } from './credentials.ts'
import { loginLimiter } from './limiter.ts'
import { openApi } from './openapi.ts'
import { problemOf } from './problem.ts'
import { sendEvents } from './sse.ts'
import { type TurnTaker, openTurns } from './turns.ts'

/** Looks at a request before the API does, body unread; true if it has taken it. */
export type Door = (request: IncomingMessage, response: ServerResponse) => boolean
/** Takes an upgrade (WebSocket); true if it has taken it. */
export type UpgradeDoor = (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean

export type ApiOptions = {
  access: AccessService
  handlers: Handlers
  doors: Door[]
  upgradeDoors: UpgradeDoor[]
  /** Folder of the built console; null serves none. */
  consoleDir: string | null
  version: string
  log: Logger
  clock?: Clock
  /** Addresses or networks of the proxy whose X-Forwarded-* count; left out: nobody's. */
  trustedProxy?: string[]
}

/** They set cookies, so they are mounted by hand below. */
const cookieEndpoints: ReadonlySet<EndpointId> = new Set(['login.redeem', 'login.logout'])

type AnyHandler = (input: { params: unknown; query: unknown; body: unknown }, context: HandlerContext) => unknown

const contentSecurityPolicy =
  "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; connect-src 'self' ws: wss:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'"

export function createApi({ access, handlers, doors, upgradeDoors, consoleDir, version, log, clock = systemClock, trustedProxy = [] }: ApiOptions): FastifyInstance {
  /** What fastify refuses before any route: a stranger is told only to sign in. */
  const frameworkErrors = (error: Error, request: FastifyRequest, reply: FastifyReply): void => {
    const tell = (told: unknown) => {
      const { problem, headers } = problemOf(told, request.id)
      reply.code(problem.status).headers({ ...headers, 'x-content-type-options': 'nosniff', 'x-request-id': request.id }).send(JSON.stringify(problem))
    }
    callerOf(request.raw, access, clock.now()).then(() => tell(error), tell)
  }
  const fastify: FastifyInstance = Fastify({ logger: false, trustProxy: trustedProxy.length > 0 ? trustedProxy : false, frameworkErrors, bodyLimit: 2 * 1024 * 1024, genReqId: () => newId('req'), routerOptions: { maxParamLength: 300 }, forceCloseConnections: true, serverFactory: (handler) => createServer((request, response) => void (doors.some((door) => door(request, response)) || handler(request, response))) })
  fastify.register(cookie)
  fastify.addContentTypeParser(['application/gzip', 'application/x-gzip'], (_request, payload, done) => done(null, payload))

  fastify.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'content-security-policy': contentSecurityPolicy,
      'x-request-id': request.id,
    })
  })
  fastify.setErrorHandler((error, request, reply) => {
    const { problem, headers } = problemOf(error, request.id)
    if (problem.code === 'internal') log.error({ err: error, request: request.id, url: request.url }, 'request failed')
    return reply.code(problem.status).headers(headers).send(JSON.stringify(problem))
  })

  const turn = openTurns()
  for (const id of Object.keys(endpoints) as EndpointId[]) if (!cookieEndpoints.has(id)) mount(fastify, id, { access, handlers, clock, turn })
  mountLogin(fastify, access, clock)
  fastify.get('/v1/openapi.json', { onRequest: async (request) => void (await callerOf(request.raw, access, clock.now())) }, async () => openApi(version))

  fastify.setNotFoundHandler(async (request, reply) => {
    const reserved = /^\/(v1|internal|git)(\/|$|\?)/.test(request.url)
    if (!reserved && consoleDir !== null && (request.method === 'GET' || request.method === 'HEAD')) return serveConsole(consoleDir, request, reply)
    await callerOf(request.raw, access, clock.now()) // a stranger learns nothing, not even what exists
    throw new AppError('not-found', `there is nothing at ${request.method} ${request.url.split('?')[0]?.slice(0, 200)} (the API is described at /v1/openapi.json)`)
  })

  fastify.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    for (const door of upgradeDoors) if (door(request, socket, head)) return
    socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
  })
  return fastify
}

function mount(fastify: FastifyInstance, id: EndpointId, deps: { access: AccessService; handlers: Handlers; clock: Clock; turn: TurnTaker }) {
  const spec: EndpointSpec = endpoints[id]
  const handler = deps.handlers[id] as AnyHandler | undefined
  if (handler === undefined) throw new AppError('internal', `no handler for ${id}`)
  fastify.route({
    method: spec.method,
    url: spec.path.replace(/\{(\w+)\}/g, ':$1'),
    // the credential is looked at before a byte of the body is read
    onRequest: async (request: FastifyRequest) => {
      if (spec.access === 'public') return
      const caller = await callerOf(request.raw, deps.access, deps.clock.now())
      if (!allows(caller, spec.access)) throw new AppError('forbidden', `${id} needs ${spec.access} access; "${caller.actor.name}" has ${caller.access}`)
      // what takes admin and is not of one app is of all of them: credentials, rules
      if (spec.access === 'admin' && caller.apps !== null && !spec.path.includes('{app}')) throw new AppError('forbidden', `${id} reaches every app, and "${caller.actor.name}" is limited to ${caller.apps.join(', ') || 'none'} (use an admin token for all apps, or the login of this machine)`)
      callers.set(request, caller)
    },
    handler: async (request, reply) => {
      const params = spec.params ? spec.params.parse(request.params, { reportInput: true }) : undefined
      const query = spec.query ? spec.query.parse(request.query, { reportInput: true }) : undefined
      const body = spec.body ? spec.body.parse(request.body ?? undefined, { reportInput: true }) : undefined
      const caller = callers.get(request) ?? anonymous
      const app = (params as { app?: string } | undefined)?.app
      if (app !== undefined) assertSees(caller, app)
      const gone = new AbortController()
      reply.raw.on('close', () => gone.abort(new Error('the client has gone')))
      const lastEventId = request.headers['last-event-id']
      const context: HandlerContext = {
        caller,
        now: deps.clock.now(),
        signal: gone.signal,
        lastEventId: typeof lastEventId === 'string' ? lastEventId : undefined,
        upload: spec.upload ? (request.body as HandlerContext['upload']) : undefined,
      }
      const leave = await deps.turn(id, caller, gone.signal)
      try {
        const answer = handler({ params, query, body }, context)
        if (!spec.stream) {
          reply.header('cache-control', 'no-store')
          return spec.response.parse(await answer)
        }
        const unwatch = watchCredential(request.raw, deps.access, deps.clock, (because) => gone.abort(because))
        return await sendEvents(reply, answer as AsyncGenerator<{ id?: string; data: unknown }>, gone.signal).finally(unwatch)
      } finally {
        leave()
      }
    },
  })
}

const callers = new WeakMap<FastifyRequest, Caller>()
const anonymous: Caller = { actor: { kind: 'system', name: 'anonymous' }, access: 'read', apps: [] }

function mountLogin(fastify: FastifyInstance, access: AccessService, clock: Clock) {
  const limiter = loginLimiter()
  const secure = (request: FastifyRequest) => request.protocol === 'https'
  const setCookie = (request: FastifyRequest, reply: FastifyReply, value: string, maxAge: number) =>
    reply.setCookie(sessionCookie, value, { path: '/', httpOnly: true, sameSite: 'strict', secure: secure(request), maxAge })

  fastify.post(endpoints['login.redeem'].path, async (request, reply) => {
    const now = clock.now()
    limiter.assertAllowed(request.ip, now)
    const { code } = endpoints['login.redeem'].body.parse(request.body)
    try {
      const { caller, session, maxAgeSeconds } = await access.redeem(code, now)
      limiter.succeeded(request.ip)
      setCookie(request, reply, session, maxAgeSeconds)
      return { actor: caller.actor }
    } catch (error) {
      limiter.failed(request.ip, now)
      throw error
    }
  })
  fastify.post(endpoints['login.logout'].path, async (request, reply) => {
    const now = clock.now()
    const caller = await callerOf(request.raw, access, now)
    const session = cookieOf(request.raw, sessionCookie)
    if (session !== undefined) await access.logout(session, caller, now)
    setCookie(request, reply, '', 0)
    return {}
  })
}
