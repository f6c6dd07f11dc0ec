/** The apps of the preview: one for each state that a page must be able to show; in `some` and `many` 30 and 300 services. */
import type { AppDetail, Bake, Build, Instance, JournalEvent, Machine, Release, ServiceSummary, Token, Tonight } from '#contract/model.ts'
import type { InstanceState } from '#contract/wire.ts'
import { crowd, isCrowd } from './crowd.ts'

export const scenes = ['night', 'quiet', 'fresh', 'stopped', 'breaker', 'some', 'many'] as const
export type SceneName = (typeof scenes)[number]

export type PreviewApp = {
  detail: AppDetail
  config: Record<string, string>
  manifestEnv: Record<string, Record<string, string>>
  secrets: Record<string, string>
  missingSecrets: string[]
  releases: Release[]
  builds: Build[]
  bake: Bake | null
  domains: { host: string; path: string; service: string; source: 'default' | 'manifest' | 'operator'; tls: boolean }[]
  /** Requests a second around which its traffic moves, per service that listens. */
  rates: Record<string, number>
  needsPerson: Omit<Tonight['needsPerson'][number], 'app' | 'environment' | 'alert'>[]
}

export type Scene = { apps: PreviewApp[]; machines: Machine[]; tokens: Token[]; events: JournalEvent[] }

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

export const ago = (now: number, ms: number) => new Date(now - ms).toISOString()
let serial = 0
const previewId = (prefix: string) => `${prefix}_01m3q8k2x${(++serial).toString(32).padStart(4, '0')}7wq9d2`

type InstanceHint = { state?: InstanceState; because?: string; restarts?: number; machine?: string; lastExit?: Instance['lastExit']; retryMs?: number; upMs?: number; memory?: number; limit?: number }

export function makeInstance(now: number, service: string, ordinal: number, release: number, hint: InstanceHint = {}): Instance {
  const state = hint.state ?? 'ready'
  const running = state === 'ready' || state === 'unhealthy' || state === 'starting' || state === 'draining'
  const up = hint.upMs ?? 3 * hour + ordinal * 11 * minute
  return {
    id: previewId('ins'),
    name: `${service}.${ordinal}`,
    kind: 'service',
    service,
    release,
    machine: hint.machine ?? (ordinal % 2 === 0 ? 'lynx' : 'heron'),
    state,
    because: hint.because ?? (state === 'ready' ? 'answers its health check' : state),
    restarts: hint.restarts ?? 0,
    pid: running ? 20_000 + serial * 7 : null,
    address: running ? `127.0.0.1:${41_000 + serial}` : null,
    startedAt: ago(now, up),
    readyAt: state === 'ready' ? ago(now, up - 1800) : null,
    retryAt: hint.retryMs === undefined ? null : new Date(now + hint.retryMs).toISOString(),
    lastExit: hint.lastExit ?? null,
    cpu: running ? 0.08 : null,
    memoryBytes: running ? (hint.memory ?? 96) * 1024 ** 2 : null,
    memoryLimitBytes: (hint.limit ?? 256) * 1024 ** 2,
  }
}

type ServiceHint = { protocol?: string; needs?: string[]; volumes?: string[]; urls?: string[]; command?: string; manifestScale?: number; health?: ServiceSummary['health']; because?: string; wanted?: number }

export function makeService(name: string, instances: Instance[], hint: ServiceHint = {}): ServiceSummary {
  const wanted = hint.wanted ?? instances.length
  const ready = instances.filter((instance) => instance.state === 'ready').length
  return {
    name,
    health: hint.health ?? 'healthy',
    protocol: hint.protocol ?? 'http',
    wanted,
    ready,
    manifestScale: hint.manifestScale ?? wanted,
    urls: hint.urls ?? [],
    needs: hint.needs ?? [],
    volumes: hint.volumes ?? [],
    command: hint.command ?? `node ${name}.js`,
    because: hint.because ?? `${ready} of ${wanted} ready`,
    instances,
  }
}

export function makeRelease(now: number, number: number, state: Release['state'], description: string, agoMs: number, more: Partial<Release> = {}): Release {
  return {
    number,
    state,
    description,
    because: more.because ?? 'deployed by rosa',
    artifact: `slug:${(number * 2654435761).toString(16).padStart(12, '0').repeat(5).slice(0, 60)}`,
    commit: (number * 48271 + 0xfeed).toString(16).repeat(8).slice(0, 40),
    buildId: previewId('bld'),
    config: { LOG_LEVEL: 'info', CHECKOUT_TIMEOUT: '4s' },
    secrets: ['STRIPE_KEY', 'SESSION_SECRET'],
    createdAt: ago(now, agoMs),
    by: 'rosa',
    manifest: { services: { web: { command: 'node web.js', scale: 2 }, api: { command: 'node api.js', scale: 2 } } },
    ...more,
  }
}

export function makeBuild(now: number, app: string, state: Build['state'], agoMs: number, more: Partial<Build> = {}): Build {
  const ended = state === 'succeeded' || state === 'failed' || state === 'cancelled'
  return {
    id: previewId('bld'),
    app,
    environment: 'production',
    state,
    source: { kind: 'git', commit: '9f31c0de4b7a2258cc01e1b0a77d5a0c4e9d8f12', branch: 'main', image: null },
    builder: 'node',
    because: 'package.json has a start script and package-lock.json is there',
    release: null,
    sizeBytes: state === 'succeeded' ? 18_734_112 : null,
    queuedAt: ago(now, agoMs),
    startedAt: state === 'queued' ? null : ago(now, agoMs - 400),
    finishedAt: ended ? ago(now, agoMs - 21_400) : null,
    by: 'rosa',
    ...more,
  }
}

type AppHint = { health?: AppDetail['health']; because: string; release?: number | null; deployedMs?: number | null; environments?: string[]; stopped?: boolean; environment?: string; volumes?: AppDetail['volumes']; rollout?: AppDetail['rollout'] }

export function makeDetail(now: number, name: string, services: ServiceSummary[], hint: AppHint): AppDetail {
  const environment = hint.environment ?? 'production'
  const host = environment === 'production' ? name : `${name}-${environment}`
  return {
    name,
    environment,
    health: hint.health ?? 'healthy',
    because: hint.because,
    release: hint.release === undefined ? 1 : hint.release,
    url: services.some((one) => one.name === 'web') ? `http://${host}.localhost:8080` : null,
    createdAt: ago(now, 40 * day),
    deployedAt: hint.deployedMs === null ? null : ago(now, hint.deployedMs ?? 2 * hour),
    services,
    requestRate: 0,
    errorShare: 0,
    environments: hint.environments ?? ['production'],
    rollout: hint.rollout ?? null,
    settings: { stopped: hint.stopped ?? false, allowForcePush: false, deployBranch: 'main', tags: [] },
    volumes: hint.volumes ?? [],
    gitUrl: `http://127.0.0.1:7070/git/${name}.git`,
  }
}

export function makeApp(made: AppDetail, more: Partial<PreviewApp> = {}): PreviewApp {
  const listening = made.services.filter((one) => one.urls.length > 0)
  return {
    detail: made,
    config: {},
    manifestEnv: {},
    secrets: {},
    missingSecrets: [],
    releases: [],
    builds: [],
    bake: null,
    domains: listening.map((one) => ({ host: `${made.environment === 'production' ? made.name : `${made.name}-${made.environment}`}.localhost`, path: one.name === 'web' ? '/' : `/${one.name}`, service: one.name, source: 'default', tls: false })),
    rates: {},
    needsPerson: [],
    ...more,
  }
}

function shop(now: number): PreviewApp[] {
  const services = [
    makeService('web', [makeInstance(now, 'web', 1, 17, { upMs: 34 * minute }), makeInstance(now, 'web', 2, 17, { upMs: 33 * minute })], { needs: ['api'], urls: ['http://shop.localhost:8080', 'https://shop.example.com'], command: 'node web/server.js' }),
    makeService('api', [makeInstance(now, 'api', 1, 17, { upMs: 34 * minute, memory: 141 }), makeInstance(now, 'api', 2, 17, { upMs: 12 * minute, restarts: 1, memory: 118, lastExit: { code: null, signal: 'SIGKILL', oom: false, at: ago(now, 12 * minute) } }), makeInstance(now, 'api', 3, 17, { upMs: 33 * minute, memory: 133 })], { needs: ['db'], manifestScale: 2, command: 'node api/server.js' }),
    makeService('worker', [makeInstance(now, 'worker', 1, 17, { upMs: 34 * minute, memory: 74 })], { needs: ['db'], protocol: 'http', command: 'node worker/main.js' }),
    makeService('db', [makeInstance(now, 'db', 1, 17, { upMs: 9 * day, memory: 38 })], { protocol: 'redis', volumes: ['data'], command: 'redis-server /app/redis.conf' }),
  ]
  const base = { services: { web: { command: 'node web/server.js', scale: 2, domains: ['shop.example.com'] }, api: { command: 'node api/server.js', scale: 2 }, worker: { command: 'node worker/main.js' }, db: { command: 'redis-server /app/redis.conf', volumes: { data: '/app/data' } } } }
  const releases = [
    makeRelease(now, 17, 'active', 'deploy of 9f31c0d', 34 * minute, { manifest: base, config: { LOG_LEVEL: 'info', CHECKOUT_TIMEOUT: '4s', FEATURE_GIFTS: 'on' } }),
    makeRelease(now, 16, 'superseded', 'config: CHECKOUT_TIMEOUT, FEATURE_GIFTS set', 5 * hour, { manifest: base, config: { LOG_LEVEL: 'info', CHECKOUT_TIMEOUT: '4s', FEATURE_GIFTS: 'on' }, artifact: `slug:${'b7'.repeat(30)}`, by: 'ines', because: 'config changed by ines' }),
    makeRelease(now, 15, 'superseded', 'deploy of 31bb0aa', 22 * hour, { manifest: base, config: { LOG_LEVEL: 'info', CHECKOUT_TIMEOUT: '10s' }, artifact: `slug:${'b7'.repeat(30)}` }),
    makeRelease(now, 14, 'failed', 'deploy of c0ffee1', 23 * hour, { manifest: base, because: 'release command "npm run migrate" ended with 1', config: { LOG_LEVEL: 'info', CHECKOUT_TIMEOUT: '10s' } }),
    makeRelease(now, 13, 'superseded', 'rollback to v11', 3 * day, { manifest: { services: { ...base.services, api: { command: 'node api/server.js', scale: 1 } } }, by: 'ines', because: 'rolled back by ines', secrets: ['STRIPE_KEY'] }),
    makeRelease(now, 12, 'superseded', 'deploy of 77d01e5', 3 * day + 20 * minute, { manifest: base, secrets: ['STRIPE_KEY'] }),
    makeRelease(now, 11, 'superseded', 'deploy of 5a5a5a5', 6 * day, { manifest: base, secrets: ['STRIPE_KEY'] }),
  ]
  const builds = [
    makeBuild(now, 'shop', 'succeeded', 35 * minute, { id: 'bld_shopnewest', release: 17 }),
    makeBuild(now, 'shop', 'succeeded', 22 * hour, { release: 15, source: { kind: 'directory', commit: null, branch: null, image: null } }),
    makeBuild(now, 'shop', 'cancelled', 26 * hour, { by: 'ines' }),
  ]
  const production = makeApp(
    makeDetail(now, 'shop', services, {
      because: '4 services healthy, 7 of 7 instances ready',
      release: 17,
      deployedMs: 34 * minute,
      environments: ['production', 'staging'],
      volumes: [
        { name: 'data', machine: 'heron', services: ['db'], orphan: false, createdAt: ago(now, 40 * day) },
        { name: 'uploads', machine: 'heron', services: [], orphan: true, createdAt: ago(now, 31 * day) },
      ],
    }),
    {
      config: { CHECKOUT_TIMEOUT: '4s', FEATURE_GIFTS: 'on' },
      manifestEnv: { web: { LOG_LEVEL: 'info' }, api: { LOG_LEVEL: 'info', POOL: '8' } },
      secrets: { STRIPE_KEY: ago(now, 12 * day), SESSION_SECRET: ago(now, 3 * day) },
      releases,
      builds,
      bake: { release: 17, fromRelease: 16, state: 'baking', because: 'v17 is compared with v16 for 45 min', startedAt: ago(now, 34 * minute), until: new Date(now + 11 * minute).toISOString(), endedAt: null, rolledBackTo: null },
      rates: { web: 42, api: 118, db: 260 },
    },
  )
  production.domains.push({ host: 'shop.example.com', path: '/', service: 'web', source: 'manifest', tls: true })
  const staging = makeApp(makeDetail(now, 'shop', [makeService('web', [makeInstance(now, 'web', 1, 4)], { needs: ['api'], urls: ['http://shop-staging.localhost:8080'] }), makeService('api', [makeInstance(now, 'api', 1, 4)], { needs: [] })], { environment: 'staging', because: '2 services healthy, 2 of 2 instances ready', release: 4, environments: ['production', 'staging'], deployedMs: 90 * minute }), { releases: [makeRelease(now, 4, 'active', 'deploy of 9f31c0d', 90 * minute)], rates: { web: 0.4, api: 0.9 } })
  return [production, staging]
}

function blog(now: number): PreviewApp {
  const services = [
    makeService('web', [makeInstance(now, 'web', 1, 8, { state: 'draining', because: 'replaced by v9; 2 requests in flight', upMs: 2 * day }), makeInstance(now, 'web', 2, 9, { upMs: 20_000 }), makeInstance(now, 'web', 3, 9, { state: 'starting', because: 'started 4 s ago, waiting for GET /up', upMs: 4000 })], { urls: ['http://blog.localhost:8080'], health: 'working', because: 'v9 is replacing v8: 1 of 2 ready', wanted: 2, command: 'python -m blog' }),
  ]
  const building = makeBuild(now, 'blog', 'running', 9000, { id: 'bld_blogrunning', builder: 'python', because: 'requirements.txt is there', by: 'tomas' })
  return makeApp(
    makeDetail(now, 'blog', services, {
      health: 'working',
      because: 'v9 is being rolled out: 1 of 2 instances of web replaced',
      release: 8,
      deployedMs: 2 * day,
      rollout: { id: previewId('rol'), release: 9, fromRelease: 8, state: 'starting', because: 'deployed by tomas', startedAt: ago(now, 26_000), finishedAt: null, steps: [{ name: 'released', at: ago(now, 26_000), detail: 'v9 = slug 1.2 MB + config of v8' }, { name: 'started', at: ago(now, 24_000), detail: 'web.2' }, { name: 'healthy', at: ago(now, 20_000), detail: 'web.2 answered GET /up after 2.1 s' }] },
    }),
    {
      releases: [makeRelease(now, 9, 'rolling', 'deploy of 0b5e55e', 26_000, { by: 'tomas', because: 'deployed by tomas', manifest: { services: { web: { command: 'python -m blog', scale: 2 } } } }), makeRelease(now, 8, 'active', 'deploy of aa17b01', 2 * day, { by: 'tomas', manifest: { services: { web: { command: 'python -m blog', scale: 2 } } } })],
      builds: [building, makeBuild(now, 'blog', 'succeeded', 50_000, { release: 9, builder: 'python', by: 'tomas' }), makeBuild(now, 'blog', 'succeeded', 2 * day, { release: 8, builder: 'python', by: 'tomas' })],
      rates: { web: 6 },
    },
  )
}

function billing(now: number): PreviewApp {
  const crash = { code: 137, signal: 'SIGKILL', oom: true, at: ago(now, 41_000) }
  const services = [
    makeService('web', [makeInstance(now, 'web', 1, 31, { upMs: 5 * hour }), makeInstance(now, 'web', 2, 31, { state: 'held', because: 'ended 6 times within 1 min (last: out of memory at 256 MB); tried again at the time below', restarts: 6, retryMs: 212_000, lastExit: crash, upMs: 41_000 })], { urls: ['http://billing.localhost:8080'], health: 'degraded', because: 'web.2 is held: out of memory 6 times within 1 min', needs: ['ledger'] }),
    makeService('ledger', [makeInstance(now, 'ledger', 1, 31, { upMs: 5 * hour, memory: 201 })], { protocol: 'postgres', volumes: ['ledger'], command: 'postgres -D /app/ledger' }),
    makeService('invoices', [makeInstance(now, 'invoices', 1, 31, { state: 'unhealthy', because: 'GET /up answered 503 three times in a row', restarts: 2, upMs: 3 * minute })], { health: 'degraded', because: 'invoices.1 fails its health check', needs: ['ledger'] }),
  ]
  return makeApp(makeDetail(now, 'billing', services, { health: 'degraded', because: 'web has 1 of 2 instances: web.2 is held after 6 crashes (out of memory)', release: 31, deployedMs: 5 * hour, volumes: [{ name: 'ledger', machine: 'lynx', services: ['ledger'], orphan: false, createdAt: ago(now, 200 * day) }] }), {
    releases: [makeRelease(now, 31, 'active', 'rolled back to v29: 38.2 % of 1204 requests failed (before: 0.1 % of 9310)', 5 * hour, { by: 'bakes' }), makeRelease(now, 30, 'condemned', 'deploy of 1ced7ea', 5.2 * hour, { by: 'ines', because: '38.2 % of 1204 requests failed (before: 0.1 % of 9310)' })],
    builds: [makeBuild(now, 'billing', 'succeeded', 5 * hour, { release: 31, by: 'ines' })],
    bake: { release: 30, fromRelease: 29, state: 'condemned', because: '38.2 % of 1204 requests failed (before: 0.1 % of 9310)', startedAt: ago(now, 5.2 * hour), until: ago(now, 5.1 * hour), endedAt: ago(now, 5.1 * hour), rolledBackTo: 31 },
    config: { INVOICE_PREFIX: 'NS-' },
    secrets: { BANK_TOKEN: ago(now, 20 * day) },
    rates: { web: 11, ledger: 33, invoices: 2 },
    needsPerson: [{ service: 'web', what: 'web.2 is held: it ran out of memory (256 MB) 6 times within 1 min', since: ago(now, 41_000), wayOut: 'raise services.web.resources.memory in nightshift.yml, or roll back to v30' }],
  })
}

function search(now: number): PreviewApp {
  const exit = { code: 1, signal: null, oom: false, at: ago(now, 14_000) }
  const services = [makeService('web', [makeInstance(now, 'web', 1, 3, { state: 'backoff', because: 'ended with code 1 after 0.4 s; next start at the time below', restarts: 4, retryMs: 16_000, lastExit: exit, upMs: 15_000 })], { urls: ['http://search.localhost:8080'], health: 'down', because: 'web.1 ends with code 1 right after its start' })]
  return makeApp(makeDetail(now, 'search', services, { health: 'down', because: 'web has no ready instance: web.1 ends with code 1 right after its start', release: 3, deployedMs: 51 * minute }), {
    missingSecrets: ['INDEX_KEY'],
    releases: [makeRelease(now, 3, 'active', 'config: INDEX_URL set', 51 * minute, { by: 'rosa' }), makeRelease(now, 2, 'superseded', 'deploy of b16b00b', 8 * day)],
    builds: [makeBuild(now, 'search', 'failed', 18 * minute, { id: 'bld_searchfailed', because: 'npm run build ended with code 2', finishedAt: ago(now, 18 * minute - 9100) }), makeBuild(now, 'search', 'succeeded', 8 * day, { release: 2 })],
    config: { INDEX_URL: 'http://index.internal:7700' },
    rates: { web: 3 },
    needsPerson: [{ service: 'web', what: 'no instance is ready: web.1 ends with code 1 right after its start', since: ago(now, 51 * minute), wayOut: 'set the missing secret: nightshift secrets set INDEX_KEY --app search' }],
  })
}

function archive(now: number): PreviewApp {
  const services = [makeService('web', [], { urls: ['http://archive.localhost:8080'], health: 'stopped', because: 'stopped by ines', wanted: 0, manifestScale: 1 })]
  return makeApp(makeDetail(now, 'archive', services, { health: 'stopped', because: 'stopped by ines two days ago; config, releases and volumes are kept', release: 12, deployedMs: 60 * day, stopped: true, volumes: [{ name: 'scans', machine: 'heron', services: ['web'], orphan: false, createdAt: ago(now, 300 * day) }] }), {
    releases: [makeRelease(now, 12, 'active', 'deploy of 00c0de1', 60 * day, { by: 'ines' })],
    rates: {},
  })
}

function sandbox(now: number): PreviewApp {
  return makeApp(makeDetail(now, 'sandbox', [], { health: 'empty', because: 'nothing has been deployed yet', release: null, deployedMs: null }))
}

const machines = (now: number): Machine[] => [
  { name: 'heron', state: 'connected', driver: 'process', version: '0.1.0', os: 'Debian 13, Linux 6.12', cpus: 8, memoryBytes: 16 * 1024 ** 3, limits: [], lastSeenAt: ago(now, 900), instances: 9, tags: ['db', 'eu'] },
  { name: 'lynx', state: 'connected', driver: 'process', version: '0.1.0', os: 'Ubuntu 26.04, Linux 7.0', cpus: 4, memoryBytes: 8 * 1024 ** 3, limits: ['no cgroups: CPU limits are not enforced (start the agent as root, or under systemd with Delegate=yes)'], lastSeenAt: ago(now, 1400), instances: 5, tags: ['eu'] },
]

const tokens = (now: number): Token[] => [
  { id: 'tok_01m3q8k2xci', name: 'ci of shop', scope: 'deploy', apps: ['shop'], createdAt: ago(now, 90 * day), lastUsedAt: ago(now, 35 * minute), expiresAt: new Date(now + 275 * day).toISOString() },
  { id: 'tok_01m3q8k2xgr', name: 'dashboard on the wall', scope: 'read', apps: null, createdAt: ago(now, 12 * day), lastUsedAt: ago(now, 8000), expiresAt: null },
  { id: 'tok_01m3q8k2xro', name: 'rosa’s laptop', scope: 'admin', apps: null, createdAt: ago(now, 40 * day), lastUsedAt: ago(now, 34 * minute), expiresAt: null },
]

export function makeScene(name: SceneName, now: number): Scene {
  serial = 0
  if (name === 'fresh') return { apps: [], machines: machines(now).slice(0, 1).map((one) => ({ ...one, instances: 0 })), tokens: [], events: [] }
  if (isCrowd(name)) return { ...crowd(name, now), tokens: tokens(now), events: [] }
  const apps = name === 'quiet' ? [...shop(now), archive(now)] : [...shop(now), blog(now), billing(now), search(now), archive(now), sandbox(now)]
  return { apps, machines: machines(now), tokens: tokens(now), events: [] }
}
