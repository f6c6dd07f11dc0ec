/**
 * The route table from what is wanted: pure. Default hosts, domains of the manifest and of operators, edges; and which
 * instances are in rotation. Sorted, so that the same state makes the same table.
 */
import { parseDuration } from '#base/units.ts'
import type { Manifest, ServiceManifest } from '#contract/manifest.ts'
import { environmentSlug, serviceKey } from '#contract/names.ts'
import type { Certificate, Edge, Route, RouteTable, ServiceTarget, TrafficSplit } from '#contract/wire.ts'
import type { DomainRow, EdgeRow } from './model.ts'

export type RoutedEnvironment = {
  app: string
  environment: string
  createdAt: Date
  /** Of the release that serves, or that is on its way when none does. */
  manifest: Manifest
  /** Instances in rotation by service: wanted, of any release. */
  instances: Record<string, string[]>
  /** Shares of callers, while a canary runs. */
  split: TrafficSplit | null
  /** Instances wanted by service, after scaling and stopping. */
  wanted: Record<string, number>
}

export type TableInputs = {
  environments: RoutedEnvironment[]
  domains: DomainRow[]
  edges: EdgeRow[]
  edgeHosts: string[]
  certificates: Certificate[]
}

export function routeTable(inputs: TableInputs): Omit<RouteTable, 'generation'> {
  const services: Record<string, ServiceTarget> = {}
  for (const env of [...inputs.environments].sort(byName)) {
    for (const [name, service] of Object.entries(env.manifest.services).sort(([a], [b]) => a.localeCompare(b))) {
      services[serviceKey(env.app, env.environment, name)] = {
        app: env.app, environment: env.environment, service: name,
        protocol: service.protocol === 'http' ? 'http' : 'tcp',
        instances: [...(env.instances[name] ?? [])].sort(),
        expected: (env.wanted[name] ?? 0) > 0,
        timeoutMs: service.timeout === undefined ? null : parseDuration(service.timeout),
        staleIfErrorMs: service.cache === undefined ? null : parseDuration(service.cache.stale_if_error),
        split: service.protocol === 'http' ? env.split : null,
      }
    }
  }
  return { services, routes: winners(inputs), edges: edgeList(inputs), certificates: inputs.certificates }
}

/**
 * One route a place. Two releases may name the same (commands.ts refuses the second, but not what was there before it, nor
 * two environments of one manifest): the most deliberate wins, then the older environment.
 */
function winners({ environments, domains }: TableInputs): Route[] {
  const claims = environments.flatMap((env) => environmentRoutes(env, domains).map((claim, order) => ({ ...claim, env, order, rank: rankOf(claim, env) })))
  claims.sort((a, b) => a.rank - b.rank || a.env.createdAt.getTime() - b.env.createdAt.getTime() || byName(a.env, b.env) || a.order - b.order)
  const routes = new Map<string, Route>()
  for (const { route } of claims) if (!routes.has(route.id)) routes.set(route.id, route)
  return [...routes.values()].sort((a, b) => a.service.localeCompare(b.service) || a.id.localeCompare(b.id))
}

/** A name under .localhost belongs to the app that is called so, whatever another app's manifest says. */
function rankOf({ route, source }: { route: Route; source: RouteSource }, env: { app: string; environment: string }): number {
  if (source !== 'manifest') return source === 'operator' ? 0 : 2
  const own = `${environmentSlug(env.app, env.environment)}.localhost`
  return /(^|\.)localhost$/.test(route.host) && route.host !== own && !route.host.endsWith(`.${own}`) ? 3 : 1
}

export type RouteSource = 'operator' | 'manifest' | 'default'

/** Routes of one environment, the most deliberate first: operator, manifest, default. */
export function environmentRoutes(env: Pick<RoutedEnvironment, 'app' | 'environment' | 'manifest'>, domains: DomainRow[]): { route: Route; source: RouteSource }[] {
  const found: { route: Route; source: RouteSource }[] = []
  const add = (host: string, path: string, service: string, source: RouteSource) =>
    found.push({ route: { id: `${host}${path}`, host, path, service: serviceKey(env.app, env.environment, service), httpsOnly: false }, source })
  for (const domain of domains) {
    if (domain.app === env.app && domain.environment === env.environment && env.manifest.services[domain.service]) add(domain.host, domain.path, domain.service, 'operator')
  }
  const publicServices = Object.entries(env.manifest.services).filter(([name, service]) => isPublic(name, service, env.manifest))
  for (const [name, service] of publicServices) for (const host of service.domains) add(host, service.path, name, 'manifest')
  for (const [name, service] of publicServices) {
    const slug = environmentSlug(env.app, env.environment)
    if (name === 'web' || publicServices.length === 1) add(`${slug}.localhost`, service.path, name, 'default')
    else add(service.path === '/' ? `${name}.${slug}.localhost` : `${slug}.localhost`, service.path, name, 'default')
  }
  return found
}

function isPublic(name: string, service: ServiceManifest, manifest: Manifest): boolean {
  if (service.protocol !== 'http' || service.port === false) return false
  if (service.public !== undefined) return service.public
  if (name === 'web' || service.domains.length > 0) return true
  return Object.keys(manifest.services).length === 1
}

function edgeList({ environments, edges, edgeHosts }: TableInputs): Edge[] {
  const list: Edge[] = []
  for (const row of edges) {
    const env = environments.find((candidate) => candidate.app === row.app && candidate.environment === row.environment)
    const callee = env?.manifest.services[row.to_service]
    if (!env || !callee || env.manifest.services[row.from_service]?.needs[row.to_service] === undefined) continue
    list.push({
      id: `${row.app}/${row.environment}/${row.from_service}>${row.to_service}`,
      app: row.app, environment: row.environment, from: row.from_service,
      to: serviceKey(row.app, row.environment, row.to_service),
      protocol: callee.protocol === 'http' ? 'http' : 'tcp',
      listen: edgeHosts.map((host) => ({ host, port: row.port })),
    })
  }
  return list.sort((a, b) => a.id.localeCompare(b.id))
}

function byName(a: { app: string; environment: string }, b: { app: string; environment: string }): number {
  return a.app.localeCompare(b.app) || a.environment.localeCompare(b.environment)
}
