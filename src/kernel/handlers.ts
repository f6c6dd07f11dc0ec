/**
 * What stands between the API surface and the capabilities: a handler per endpoint, without any HTTP in it.
 * `routes.ts` of a capability returns the handlers of its endpoints; `surfaces/api` mounts them.
 */
import type { Readable } from 'node:stream'
import { AppError } from '#base/errors.ts'
import type { Access, Answer, EndpointId, EndpointSpec, HandlerInput, endpoints } from '#contract/endpoints.ts'
import type { Actor } from '#contract/model.ts'

/** Who calls, and what the credential allows. */
export type Caller = {
  actor: Actor
  access: Exclude<Access, 'public'>
  /** Apps the credential is limited to; null = all. */
  apps: readonly string[] | null
}

export type HandlerContext = {
  caller: Caller
  now: Date
  /** Aborts when the client has gone. */
  signal: AbortSignal
  /** Of a stream that goes on where it broke. */
  lastEventId: string | undefined
  /** Body of an endpoint with `upload`. */
  upload: Readable | undefined
}

export type StreamItem<T> = { id?: string; data: T }

type Streams<K extends EndpointId> = (typeof endpoints)[K] extends { stream: true } ? true : false

export type Handler<K extends EndpointId> = (
  input: HandlerInput<K>,
  context: HandlerContext,
) => Streams<K> extends true ? AsyncGenerator<StreamItem<Answer<K>>> : Promise<Answer<K>>

export type Handlers = { [K in EndpointId]?: Handler<K> }

/** `not-found` unless the credential covers this app: unknown and unseen apps answer alike. */
export function assertSees(caller: Caller, app: string): void {
  if (caller.apps !== null && !caller.apps.includes(app)) throw new AppError('not-found', `there is no app "${app}" (see: nightshift apps)`)
}

const rank = { public: 0, read: 1, deploy: 2, admin: 3 } as const

export function allows(caller: Caller, needed: EndpointSpec['access']): boolean {
  return rank[caller.access] >= rank[needed]
}
