import type { Socket } from 'node:net'
import type { Failure } from './failure.ts'
import type { ResponseHead } from './response-head.ts'

/** The side that the client is on: HTTP/1 or one HTTP/2 stream. */
export interface Front {
  /** HTTP/1.1 takes a chunk-coded body as it is; others want its content. */
  readonly raw: boolean
  /** Stop and go for the request body. */
  pause(): void
  resume(): void
  informational(head: ResponseHead): void
  /** The final head with the first of the body; returns the bytes of the head. `last`: that is all. */
  respond(head: ResponseHead, body: Buffer | null, last: boolean): number
  write(body: Buffer): void
  end(trailers: string): void
  /** The client does not take what was written; `drain()` of the exchange is called when it did. */
  congested(): boolean
  /** Bytes that were written are not yet the system's. */
  holds(): boolean
  /** Nothing of the response was sent: answer in place of the app. */
  fail(failure: Failure): void
  /** The response is under way and cannot be completed: end it so that the client can tell. */
  cut(): void
  upgraded(head: ResponseHead, upstream: Socket, rest: Buffer): void
}
