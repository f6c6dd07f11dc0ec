import type { Route, RouteTable } from '#contract/wire.ts'
import type { Copies } from './copies.ts'
import type { CopyPlace } from './copy.ts'
import type { Fleet } from './fleet.ts'
import { type Counters, makeTarget, type Target } from './target.ts'

/**
 * Which route answers a host and path. The exact host wins, then the wildcard with the longest suffix (any number of
 * labels); within it the longest path prefix that ends at a segment. Immutable: a new table makes a new one, and
 * requests under way keep their target.
 */
export class Routes {
  readonly #exact = new Map<string, HostRoute[]>()
  /** By suffix with its dot: `.example.com`. */
  readonly #wildcard = new Map<string, HostRoute[]>()

  constructor(table: RouteTable, fleet: Fleet, counters: Counters, copies: Copies) {
    for (const route of table.routes) {
      const wild = route.host.startsWith('*.')
      const hosts = wild ? this.#wildcard : this.#exact
      const host = (wild ? route.host.slice(1) : route.host).toLowerCase()
      const list = hosts.get(host)
      const entry = { path: route.path.endsWith('/') ? route.path.slice(0, -1) : route.path, target: routeTarget(route, table, fleet, counters, copies) }
      if (list === undefined) hosts.set(host, [entry])
      else list.push(entry)
    }
    for (const list of [...this.#exact.values(), ...this.#wildcard.values()]) list.sort((a, b) => b.path.length - a.path.length)
  }

  /** `path` as `routePath` made it. */
  find(hostname: string, path: string): Target | 'unknown-host' | 'unknown-path' {
    const exact = this.#exact.get(hostname)
    if (exact !== undefined) return longestPrefix(exact, path)
    for (let dot = hostname.indexOf('.'); dot !== -1; dot = hostname.indexOf('.', dot + 1)) {
      const wild = this.#wildcard.get(hostname.slice(dot))
      if (wild !== undefined && dot > 0) return longestPrefix(wild, path)
    }
    return 'unknown-host'
  }

  /** Whether what is asked for there is still that service's to answer, and its copies are still wanted. */
  keeps({ service, hostname, path }: CopyPlace): boolean {
    const target = this.find(hostname, path)
    return typeof target !== 'string' && target.keeping !== null && target.service.key === service
  }
}

type HostRoute = { /** Without a slash at its end: '' is everything. */ path: string; target: Target }

function longestPrefix(routes: readonly HostRoute[], path: string): Target | 'unknown-path' {
  for (const { path: prefix, target } of routes) {
    if (prefix === '' || path === prefix || (path.charCodeAt(prefix.length) === 0x2f && path.startsWith(prefix))) return target
  }
  return 'unknown-path'
}

function routeTarget(route: Route, table: RouteTable, fleet: Fleet, counters: Counters, copies: Copies): Target {
  const [app = '', environment = '', service = ''] = route.service.split('/')
  const described = table.services[route.service]
  const staleMs = described?.staleIfErrorMs ?? null // a saved table of before has none
  return makeTarget(
    counters,
    fleet.service(route.service),
    {
      key: `route:${route.id}`,
      app: described?.app ?? app,
      environment: described?.environment ?? environment,
      service: described?.service ?? service,
      from: null,
    },
    { httpsOnly: route.httpsOnly, breaker: null, keeping: staleMs === null ? null : { copies, staleMs } },
  )
}
