import { AppError } from '#base/errors.ts'
import { nearest } from '#base/nearest.ts'
import type { AppSummary, Instance, ServiceSummary } from '#contract/model.ts'

export type Health = AppSummary['health']
/** What a query over machines and services matches, of what a caller may see; the floor above knows its language. */
export type Choose = (query: string, apps: readonly string[] | null) => Promise<{ machines: ReadonlySet<string>; /** `shop/production` */ apps: ReadonlySet<string> }>

export type EnvironmentRow = {
  app: string
  name: string
  created_at: Date
  stopped: boolean
  deploy_branch: string
  tags: string[]
  allow_force_push: boolean
  active_release: number | null
}

/** The health of a service from what is wanted and what its instances say; pure. */
export function serviceHealth(wanted: number, instances: Pick<Instance, 'state' | 'name' | 'because' | 'lastExit'>[], changing: boolean): { health: Health; because: string } {
  const ready = instances.filter((instance) => instance.state === 'ready' || (instance.state === 'exited' && instance.lastExit?.code === 0))
  if (wanted === 0) return { health: 'stopped', because: 'scaled to zero or stopped' }
  if (ready.length >= wanted) return changing ? { health: 'working', because: 'a rollout is under way' } : { health: 'healthy', because: `${ready.length} of ${wanted} ready` }
  const troubled = instances.find((instance) => instance.state !== 'ready')
  const because = troubled ? `${troubled.name}: ${troubled.because}` : 'waiting for an instance to be placed'
  const failing = instances.some((instance) => ['held', 'backoff', 'unhealthy', 'exited'].includes(instance.state))
  if (changing && !failing) return { health: 'working', because }
  if (!failing && instances.length <= wanted && instances.every((instance) => ['waiting', 'starting', 'ready'].includes(instance.state))) return { health: 'working', because }
  return { health: ready.length > 0 ? 'degraded' : 'down', because }
}

/** A service whose need is scaled to zero runs and can do nothing: it is as healthy as that, however ready its instances are. */
export function withNeeds<S extends Pick<ServiceSummary, 'name' | 'health' | 'because' | 'wanted' | 'needs'>>(services: S[]): S[] {
  return services.map((service) => {
    const absent = service.needs.find((need) => services.find(({ name }) => name === need)?.wanted === 0)
    if (absent === undefined || service.wanted === 0 || service.health !== 'healthy') return service
    return { ...service, health: 'degraded', because: `it needs ${absent}, which is scaled to 0 (nightshift scale ${absent}=1)` }
  })
}

/** The address of an app: that of web, else of its first service that has one; a domain of another service is not the app's. */
export function appUrl(services: Pick<ServiceSummary, 'name' | 'urls'>[]): string | null {
  const web = services.find((service) => service.name === 'web' && service.urls.length > 0)
  return (web ?? services.find((service) => service.urls.length > 0))?.urls[0] ?? null
}

/** The worst service speaks for the app. */
export function appHealth(services: Pick<ServiceSummary, 'name' | 'health' | 'because'>[], state: { stopped: boolean; deployed: boolean }): { health: Health; because: string } {
  if (!state.deployed) return { health: 'empty', because: 'nothing was deployed yet' }
  if (state.stopped) return { health: 'stopped', because: 'an operator stopped it' }
  for (const health of ['down', 'degraded', 'working'] as const) {
    const service = services.find((candidate) => candidate.health === health)
    if (service) return { health, because: `${service.name}: ${service.because}` }
  }
  if (services.length > 0 && services.every((service) => service.health === 'stopped')) return { health: 'stopped', because: 'every service is scaled to zero' }
  return { health: 'healthy', because: 'all instances are ready' }
}

/** A secret's ciphertext is bound to its place, whatever its version. */
export function secretPlace(app: string, environment: string, name: string): string {
  return `secret:${app}/${environment}/${name}`
}

export function assertService(known: string[], service: string, app: string): void {
  if (known.includes(service)) return
  const meant = nearest(service, known)
  throw new AppError('not-found', `${app} has no service "${service}"${meant ? ` (did you mean ${meant}?)` : ''}; it has ${known.join(', ')}`)
}
