import { type Failure, unknownHost, unknownPath } from './failure.ts'
import type { Relay } from './relay.ts'
import type { HeadRules, RequestHead } from './request-head.ts'
import type { Target } from './target.ts'

/** A way in: the plain listener, the TLS listener, or the listener of one edge. */
export type Entrance = {
  relay: Relay
  rules: HeadRules
  scheme: 'http' | 'https'
  /** As the client sees it. */
  port: number
  /** The one target of an edge; null for the ingress, which routes by host and path. */
  edge: (() => Target | null) | null
  /** Where https is served, for redirects; null: nowhere. */
  httpsPort: () => number | null
  /** Connections that the sweep and the shutdown visit. */
  connections: Set<Visitable>
}

export interface Visitable {
  sweep(nowMs: number): void
  /** A response is owed, or not yet handed over. */
  busy(): boolean
  /** Ends when what is under way has ended. */
  closeGently(): void
  destroy(): void
}

export type Resolution = Target | { failure: Failure; location?: string }

export function resolve(entrance: Entrance, head: RequestHead): Resolution {
  if (entrance.edge !== null) return entrance.edge() ?? { failure: unknownHost(head.hostname) }
  const target = entrance.relay.routes.find(head.hostname, head.path === '*' ? '/' : head.path)
  if (target === 'unknown-host') return { failure: unknownHost(head.hostname) }
  if (target === 'unknown-path') return { failure: unknownPath(head.hostname) }
  if (target.httpsOnly && entrance.scheme === 'http') return redirectToHttps(entrance, head)
  return target
}

export function isTarget(resolution: Resolution): resolution is Target {
  return 'service' in resolution
}

function redirectToHttps(entrance: Entrance, head: RequestHead): Resolution {
  const port = entrance.httpsPort()
  const authority = port === null || port === 443 ? head.hostname : `${head.hostname}:${port}`
  const location = `https://${authority}${head.target === '*' ? '/' : head.target}`
  return {
    location,
    failure: { status: 308, kind: 'https-only', title: 'Served over https', detail: `This address is served over https only: ${location}`, forService: false },
  }
}
