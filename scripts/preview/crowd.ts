/** Many services, for looking at every room when there is much in it: loops, and noise that is the same every time. */
import type { EventKind } from '#contract/events.ts'
import type { AppDetail, Instance, JournalEvent, Machine } from '#contract/model.ts'
import { pick } from './noise.ts'
import { type PreviewApp, ago, makeApp, makeDetail, makeInstance, makeRelease, makeService } from './scene.ts'

export const crowds = { some: 30, many: 300 } as const
export type CrowdName = keyof typeof crowds
export const isCrowd = (name: string): name is CrowdName => Object.hasOwn(crowds, name)

const minute = 60_000
const words = 'accounts adverts analytics basket calendar cards catalog chat contacts courier dashboard docs feeds forum gallery gifts helpdesk identity inbox invoices labels ledger loyalty maps media newsletter offers orders partners payments'.split(' ')
const parts = ['web', 'api', 'cart', 'finder', 'users', 'worker', 'mail', 'cache', 'db', 'files'] as const
/** Whom the first few call: a tree, callers before callees. */
const needsOf = (nth: number, count: number): string[] => parts.slice(0, count).filter((_, other) => other > 0 && Math.floor((other - 1) / 2) === nth)
const protocols: Record<string, string> = { cache: 'redis', db: 'postgres', files: 'tcp' }

type Fault = { health: 'down' | 'degraded' | 'working'; state: Instance['state']; because: string; restarts?: number; retryMs?: number; upMs?: number }
const faults: readonly Fault[] = [
  { health: 'down', state: 'backoff', because: 'ended with code 1 after 0.4 s; next start at the time below', restarts: 5, retryMs: 18_000, upMs: 16_000 },
  { health: 'degraded', state: 'unhealthy', because: 'GET /up answered 503 three times in a row', restarts: 1, upMs: 4 * minute },
  { health: 'working', state: 'starting', because: 'started 5 s ago, waiting for GET /up', upMs: 5000 },
  { health: 'degraded', state: 'held', because: 'ended 6 times within 1 min (last: out of memory at 256 MB); tried again at the time below', restarts: 6, retryMs: 240_000, upMs: 70_000 },
]

/** Which services are sick, and how: one in about fifty, and never the same app twice in a row. */
function faultsOf(apps: readonly string[], each: number): Map<string, Fault> {
  const all = apps.flatMap((app) => parts.slice(0, each).map((service) => `${app}/${service}`))
  const worst = all.toSorted((a, b) => pick(`${b}.sick`, 0, 1) - pick(`${a}.sick`, 0, 1)).slice(0, 1 + Math.ceil(all.length / 50))
  return new Map(worst.map((key, nth) => [key, faults[nth % faults.length] as Fault]))
}

export function crowd(name: CrowdName, now: number): { apps: PreviewApp[]; machines: Machine[] } {
  const each = name === 'some' ? 6 : 10
  const names = words.slice(0, crowds[name] / each)
  const sick = faultsOf(names, each)
  const machineNames = Array.from({ length: Math.max(4, crowds[name] / 15) }, (_, nth) => `node-${String(nth + 1).padStart(2, '0')}`)
  const apps = names.map((app) => appOf(app, each, sick, machineNames, now))
  const all = apps.flatMap(({ detail }) => detail.services.flatMap(({ instances }) => instances))
  const machines = machineNames.map((machine, nth): Machine => ({
    name: machine, state: nth === 5 ? 'lost' : 'connected', driver: 'process', version: '0.1.0', os: 'Debian 13, Linux 6.12', cpus: 16, memoryBytes: 64 * 1024 ** 3,
    limits: nth % 9 === 3 ? ['no cgroups: CPU limits are not enforced (start the agent as root, or under systemd with Delegate=yes)'] : [], lastSeenAt: ago(now, 900), instances: all.filter((one) => one.machine === machine).length, tags: [nth % 3 === 0 ? 'db' : 'web', nth % 2 === 0 ? 'eu' : 'us'],
  }))
  return { apps, machines }
}

function appOf(app: string, each: number, sick: ReadonlyMap<string, Fault>, machines: readonly string[], now: number): PreviewApp {
  const release = 2 + Math.floor(60 * pick(app, 0, 1))
  const deployedMs = Math.floor(minute * 20 + pick(`${app}.deployed`, 0, 1) ** 2 * 9 * 1440 * minute)
  const services = parts.slice(0, each).map((name, nth) => {
    const key = `${app}/${name}`
    const fault = sick.get(key)
    const wanted = fault?.health === 'down' || nth > 6 ? 1 : 1 + Math.floor(3 * pick(`${key}.scale`, 0, 1))
    const instances = Array.from({ length: Math.max(wanted, fault?.health === 'degraded' ? 2 : 1) }, (_, at) => makeInstance(now, name, at + 1, release, { machine: machines[Math.floor(pick(key, at, 1) * machines.length)] as string, memory: Math.round(40 + 160 * pick(`${key}.memory`, at, 1)), upMs: deployedMs, ...(fault !== undefined && at === 0 ? fault : {}) }))
    const protocol = protocols[name] ?? 'http'
    return makeService(name, instances, { protocol, needs: needsOf(nth, each), urls: nth === 0 ? [`http://${app}.localhost:8080`] : [], volumes: name === 'db' ? ['data'] : [], ...(fault === undefined ? {} : { health: fault.health, because: `${name}.1 ${fault.because}` }) })
  })
  const bad = services.filter(({ health }) => health !== 'healthy')
  const health: AppDetail['health'] = (['down', 'degraded', 'working'] as const).find((one) => bad.some((service) => service.health === one)) ?? 'healthy'
  const because = bad.length === 0 ? `${services.length} services healthy` : `${bad.map((one) => one.because).join('; ')}; ${services.length - bad.length} services are healthy`
  return makeApp(makeDetail(now, app, services, { health, because, release, deployedMs }), {
    releases: [makeRelease(now, release, 'active', 'deploy of main', deployedMs), makeRelease(now, release - 1, 'superseded', 'deploy of main', deployedMs * 2)],
    rates: Object.fromEntries(services.map(({ name }, nth) => [name, (4 + 90 * pick(`${app}/${name}.rate`, 0, 1) ** 2) * (nth === 0 ? 1 : 1.6)])),
    needsPerson: bad.filter((one) => one.health === 'down').map((one) => ({ service: one.name, what: `no instance is ready: ${one.because}`, since: ago(now, 16_000), wayOut: `nightshift why ${one.name} --app ${app}` })),
  })
}

/** Everything sick now, with its place. */
export const sickOf = (apps: readonly PreviewApp[]) => apps.flatMap(({ detail }) => detail.services.filter(({ health }) => health !== 'healthy').map((service) => ({ app: detail.name, service })))

type Past = { kind: EventKind; summary: string; fields: Partial<Omit<JournalEvent, 'id' | 'kind' | 'summary'>> }

/** What happened in the last day: every app was deployed or set, every second service lost an instance and had it back. */
export function crowdHistory(apps: readonly PreviewApp[], now: number): Past[] {
  const fact = (minutes: number, kind: EventKind, summary: string, fields: Past['fields']): Past => ({ kind, summary, fields: { at: ago(now, minutes * minute), ...fields } })
  const past = apps.flatMap(({ detail: { name: app, services, release } }) => {
    const at = (what: string) => 2 + 1430 * pick(`${app}.${what}`, 0, 1)
    const change = pick(`${app}.kind`, 0, 1) > 0.4 ? fact(at('change'), 'release.activated', `${app} v${release} serves`, { app, release }) : fact(at('change'), 'config.changed', `POOL of ${app} set by ines`, { app, actor: { kind: 'token', name: 'ines' } })
    const lost = services.filter((_, nth) => pick(`${app}.lost`, nth, 1) > 0.5).flatMap(({ name: service, instances }) => {
      const [minutes, machine, instance] = [at(service), instances[0]?.machine ?? null, `${service}.1`]
      const of = { app, service, instance, machine, actor: { kind: 'agent' as const, name: machine ?? '' } }
      return [fact(minutes, 'instance.exited', `${app}/${instance} ended with code 1`, { ...of, data: { code: 1 } }), fact(minutes - 0.1, 'instance.ready', `${app}/${instance} is ready again after 2.1 s`, of)]
    })
    return [change, ...lost]
  })
  const held = sickOf(apps).filter(({ service }) => service.health === 'degraded').map(({ app, service }) => fact(1.2, 'instance.held', `${app}/${service.name}.1 is held: ended 6 times within 1 min`, { app, service: service.name }))
  return [...past, ...held].sort((a, b) => (a.fields.at as string).localeCompare(b.fields.at as string))
}
