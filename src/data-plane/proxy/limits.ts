/** Every bound of the proxy in one place. Milliseconds unless the name says otherwise. */
export type Limits = {
  /** From the first byte of a request head to its last. */
  headMs: number
  /** A client connection with no request on it. */
  idleMs: number
  /** Nothing of a request body arrives. */
  bodyMs: number
  /** An instance accepts no connection. */
  connectMs: number
  /** An instance has the whole request and answers nothing. */
  responseMs: number
  /** A peer takes nothing of what is ready for it. */
  stallMs: number
  /** A request waits for a ready instance. */
  parkMs: number
  /** Requests of one service that may wait at once. */
  parkedPerService: number
  /** An instance that a newly connected agent does not list is believed in for this long. */
  forgetMs: number
  /** An idle connection to an instance; below the 5 s after which Node apps close theirs. */
  upstreamIdleMs: number
  /** The same for a request that must not be sent twice, so that it hardly ever meets a connection that is closing. */
  unsafeReuseMs: number
  /** Bytes of a request that are kept so that it can be sent again. */
  replayBytes: number
  /** Of a service's requests of the last 10 s, how many may be sent again, on top of `retryFloor`. */
  retryShare: number
  /** So many of a service may be sent again within 10 s in any case. */
  retryFloor: number
  /** After an answer that ends the connection: how long what still comes is read and thrown away. */
  lingerMs: number
  /** How long `close` waits for what is in flight. */
  closeMs: number
  /** The beat of the deadline sweep. */
  sweepMs: number
  /** The beat at which instances are looked at: whether one has gone silent. */
  beatMs: number
  /** The beat at which instances are compared with each other. */
  compareMs: number
  /** How long the first ejection of an instance lasts; each further one twice as long, up to `longestEjectionMs`. */
  ejectionMs: number
  longestEjectionMs: number
  /** An instance that has become ready gets its full share after this. */
  slowStartMs: number
  /** Memory for copies of answers, of all services that ask for it together; and of one answer's body. */
  copyBytes: number
  copyEntryBytes: number
  /** New traces of one service that are marked as sampled, in the long run and at once. */
  tracesPerSecond: number
  traceBurst: number
  /** Spans that are kept beyond those, because they failed or were slow; of all services together. */
  oddSpansPerSecond: number
}

export const defaultLimits: Limits = {
  headMs: 10_000,
  idleMs: 75_000,
  bodyMs: 60_000,
  connectMs: 2_000,
  responseMs: 60_000,
  stallMs: 120_000,
  parkMs: 30_000,
  parkedPerService: 1_000,
  forgetMs: 10_000,
  upstreamIdleMs: 4_000,
  unsafeReuseMs: 1_000,
  replayBytes: 64 * 1024,
  retryShare: 0.2,
  retryFloor: 1_000,
  lingerMs: 2_000,
  closeMs: 10_000,
  sweepMs: 500,
  beatMs: 100,
  compareMs: 1_000,
  ejectionMs: 10_000,
  longestEjectionMs: 300_000,
  slowStartMs: 10_000,
  copyBytes: 32 * 1024 * 1024,
  copyEntryBytes: 1024 * 1024,
  tracesPerSecond: 10,
  traceBurst: 50,
  oddSpansPerSecond: 100,
}
