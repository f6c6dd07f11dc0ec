/** What each vantage point is to check, put together from the rows. Reads only. */
import type { SecretBox } from '#base/secretbox.ts'
import type { CheckSpec } from '#contract/checks.ts'
import type { Db } from '#kernel/db/db.ts'
import type { Reach } from '#run/apps/read.ts'
import { routeViews } from '#run/apps/read.ts'
import { currentObservation, type InstanceRow } from '#run/instances/model.ts'
import { liveInstances } from '#run/instances/read.ts'
import { effectiveManifest } from '#run/manifest/effective.ts'
import { servingReleases } from '#run/releases/read.ts'
import { readDomains } from '#run/routing/read.ts'
import { dueAfter, graceMs } from './due.ts'
import { type CheckRowIn, controlVantage, secretsPlace } from './model.ts'
import { readPlugins } from './read.ts'

export type SpecDeps = { box: SecretBox; reach: Reach; /** The machine that control runs on. */ machine: string; proxies(): { machine: string; httpPort: number; httpsPort: number | null }[]; agents(): string[] }

type Surroundings = { instances: readonly InstanceRow[]; routes: ReadonlyMap<string, { host: string; service: string; url: string }[]>; plugins: ReadonlyMap<string, NonNullable<CheckSpec['plugin']>> }

const key = (app: string, environment: string) => `${app}/${environment}`

async function readSurroundings(db: Db, deps: SpecDeps): Promise<Surroundings> {
  const [instances, releases, domains, plugins] = [await liveInstances(db), await servingReleases(db), await readDomains(db), await readPlugins(db)]
  const routes = new Map(releases.map(({ app, environment, manifest }) => [key(app, environment), routeViews({ app, environment, manifest: effectiveManifest(manifest, environment) }, domains.filter((row) => row.app === app && row.environment === environment), deps.reach)]))
  return { instances, routes, plugins: new Map(plugins.map(({ name, digest, signature }) => [name, { name, digest, signature }])) }
}

/** Specs by vantage point: `control`, and each connected machine. Heartbeats are told to us, and looked at by nobody. */
export async function specsByVantage(db: Db, rows: readonly CheckRowIn[], deps: SpecDeps): Promise<Map<string, CheckSpec[]>> {
  const found = new Map<string, CheckSpec[]>([controlVantage, ...deps.agents()].map((name) => [name, []]))
  const running = rows.filter((row) => row.paused_by === null && row.kind !== 'heartbeat')
  if (running.length === 0) return found
  const around = await readSurroundings(db, deps)
  for (const row of running) for (const vantage of vantagesOf(row, around.instances, deps.agents())) found.get(vantage)?.push(specOf(row, vantage, around, deps))
  return found
}

/** One spec for a test run. */
export async function specFor(db: Db, row: CheckRowIn, vantage: string, deps: SpecDeps): Promise<CheckSpec> {
  return specOf(row, vantage, await readSurroundings(db, deps), deps)
}

/** The vantage points that `from` means now. `near` is where its service runs, or its app, or everywhere when it has none. */
function vantagesOf(row: Pick<CheckRowIn, 'vantages' | 'app' | 'environment' | 'service'>, instances: readonly Pick<InstanceRow, 'app' | 'environment' | 'service' | 'machine' | 'wanted'>[], agents: readonly string[]): string[] {
  const near = () => {
    if (row.app === null) return agents
    const own = instances.filter((one) => one.app === row.app && one.environment === row.environment && one.wanted === 'run' && (row.service === null || one.service === row.service))
    return agents.filter((machine) => own.some((one) => one.machine === machine))
  }
  return [...new Set(row.vantages.flatMap((from) => (from === 'near' ? near() : from.startsWith('machine:') ? [from.slice('machine:'.length)] : [from])))]
}

function specOf(row: CheckRowIn, vantage: string, around: Surroundings, deps: SpecDeps): CheckSpec {
  const secrets = row.secrets === null ? {} : (JSON.parse(deps.box.open(row.secrets, secretsPlace(row.id))) as Record<string, string>)
  const { known, origin } = knownNames(row, vantage === controlVantage ? deps.machine : vantage, around, deps)
  const config = { ...row.config, ...secrets }
  if (typeof config['url'] === 'string' && config['url'].startsWith('/')) config['url'] = `${origin ?? 'http://app.invalid'}${config['url']}`
  return {
    id: row.id, kind: row.kind, config, everyMs: row.every_ms, timeoutMs: row.timeout_ms, criteria: row.criteria, confined: row.confined, known,
    app: row.app, environment: row.environment, service: row.service, plugin: row.kind === 'plugin' ? (around.plugins.get(String(row.config['plugin'])) ?? null) : null,
  }
}

/** Services by name where their instances run on that machine, own hosts at its ingress, and the origin that a path alone means. */
function knownNames(row: CheckRowIn, machine: string, around: Surroundings, deps: SpecDeps): { known: CheckSpec['known']; origin: string | null } {
  const known: CheckSpec['known'] = { 'app.invalid': [] }
  if (row.app === null || row.environment === null) return { known, origin: null }
  for (const one of around.instances) {
    if (one.app !== row.app || one.environment !== row.environment || one.kind !== 'service' || one.wanted !== 'run' || one.machine !== machine) continue
    const list = (known[one.service] ??= [])
    const seen = currentObservation(one)
    if (seen?.state === 'ready' && seen.address) list.push(seen.address)
  }
  const routes = around.routes.get(key(row.app, row.environment)) ?? []
  const route = routes.find((each) => each.service === (row.service ?? each.service))
  const proxy = deps.proxies().find((each) => each.machine === machine)
  if (route && proxy) {
    const { protocol, hostname } = new URL(route.url)
    known[hostname] = [{ host: '127.0.0.1', port: protocol === 'https:' ? (proxy.httpsPort ?? 443) : proxy.httpPort }]
  }
  return { known, origin: route === undefined ? null : new URL(route.url).origin }
}

/** When a heartbeat is due next, for whoever wakes then; Infinity when none is. */
export function nextHeartbeat(rows: readonly (Pick<CheckRowIn, 'kind' | 'every_ms' | 'paused_by' | 'config'> & { seen: Record<string, { at: number; started?: Record<string, number> }> })[], now: Date): number {
  let soonest = Infinity
  for (const row of rows) {
    const seen = row.seen['push']
    if (row.kind !== 'heartbeat' || row.paused_by !== null || seen === undefined) continue
    const [due, grace] = [dueAfter(row, seen.at), graceMs(row)]
    for (const at of [due, due + grace, ...Object.values(seen.started ?? {}).map((begun) => begun + grace)]) if (at >= now.getTime()) soonest = Math.min(soonest, at + 1)
  }
  return soonest
}
