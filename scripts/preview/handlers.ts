/** Endpoint → preview world. */
import { on } from 'node:events'
import { sleep } from '#base/clock.ts'
import { AppError } from '#base/errors.ts'
import { newId, newSecret } from '#base/ids.ts'
import type { LogKeeping } from '#contract/logs.ts'
import type { AppSummary, JournalEvent, RouteView } from '#contract/model.ts'
import { manifestSchema } from '#contract/manifest.ts'
import type { Handlers, StreamItem } from '#kernel/handlers.ts'
import { watchHandlers } from './watch-handlers.ts'
import { checkHandlers } from './check-handlers.ts'
import { alertHandlers } from './alert-handlers.ts'
import { metricHandlers } from './metric-handlers.ts'
import { drainHandlers } from './drain-handlers.ts'
import { forwardHandlers } from './forward-handlers.ts'
import { logRoutes } from '#watch/logs/routes.ts'
import { selectionOf } from '#watch/selectors/select.ts'
import { healHandlers } from './heal-handlers.ts'
import { badBuild, goodBuild } from './lines.ts'
import { type PreviewApp, makeBuild, makeScene } from './scene.ts'
import { previewLogs } from './log-reader.ts'
import { mapOf, resourcesOf, tonightOf, trafficOf } from './views.ts'
import type { World } from './world.ts'

export function summaryOf({ detail }: PreviewApp): AppSummary {
  return {
    name: detail.name, environment: detail.environment, health: detail.health, because: detail.because, release: detail.release, url: detail.url,
    createdAt: detail.createdAt, deployedAt: detail.deployedAt, requestRate: detail.requestRate, errorShare: detail.errorShare,
    services: detail.services.map(({ name, health, wanted, ready }) => ({ name, health, wanted, ready })),
  }
}

const routeView = (one: PreviewApp['domains'][number]): RouteView => ({ id: `rt_${one.host}${one.path}`, ...one, url: `${one.tls ? 'https' : 'http'}://${one.host}${one.tls ? '' : ':8080'}${one.path === '/' ? '' : one.path}` })

const keeping = (): LogKeeping => ({ keep: { ms: 14 * 86_400_000, from: 'manifest' }, size: { bytes: 2 * 1024 ** 3, from: 'default' }, held: { bytes: 412 * 1024 ** 2, lines: 4_120_331, oldestAt: new Date(Date.now() - 13 * 86_400_000).toISOString() } })

export function previewHandlers(world: World, baseUrl: () => string): Handlers {
  const { scene } = world
  const select = (query: string) => selectionOf(query, { machines: scene.machines, apps: scene.apps.map((one) => one.detail), checks: [] })
  const build = (app: string, id: string) => {
    const found = scene.apps.filter((one) => one.detail.name === app).flatMap((one) => one.builds).find((one) => one.id === id)
    if (!found) throw new AppError('not-found', `app "${app}" has no build "${id}"`)
    return found
  }
  const buildLines = (app: string, id: string) => (build(app, id).state === 'failed' ? badBuild : goodBuild)
  return {
    ...healHandlers(world),
    ...metricHandlers(world),
    ...drainHandlers(),
    ...forwardHandlers(),
    ...checkHandlers(world),
    ...watchHandlers(world),
    ...alertHandlers(world),
    'system.health': async () => ({ ok: true, version: '0.1.0' }),
    'system.info': async (_, { caller }) => ({ version: '0.1.0', apiUrl: baseUrl(), ingressUrl: 'http://localhost:8080', httpPort: 8080, httpsPort: null, driver: 'process', actor: caller.actor, access: caller.access }),
    'login.link': async () => ({ url: `${baseUrl()}/login?code=${newSecret()}`, expiresAt: new Date(Date.now() + 900_000).toISOString() }),
    'tokens.list': async () => scene.tokens,
    'tokens.create': async ({ body }) => {
      const token = { id: newId('tok'), name: body.name, scope: body.scope, apps: body.apps ?? null, createdAt: new Date().toISOString(), lastUsedAt: null, expiresAt: body.expiresInDays === undefined ? null : new Date(Date.now() + body.expiresInDays * 86_400_000).toISOString() }
      scene.tokens.unshift(token)
      return { ...token, secret: `ns_${newSecret()}` }
    },
    'tokens.revoke': async ({ params }) => {
      scene.tokens.splice(scene.tokens.findIndex((one) => one.id === params.id), 1)
      return {}
    },

    'tonight.read': async () => tonightOf(world, Date.now(), summaryOf),
    'map.read': async ({ query }) => (query.at === undefined ? mapOf(world, Date.now()) : { ...mapOf(world, Date.parse(query.at)), live: false }),
    'loops.list': async () => [
      { name: 'healing', startedAt: new Date(Date.now() - 1200).toISOString(), tookMs: 14, turns: 5120, actions: [], waiting: ['shop/production/web: watches whether it helped that shop/web.1 was started again'], errors: [] },
      { name: 'rollouts', startedAt: new Date(Date.now() - 2600).toISOString(), tookMs: 6, turns: 2210, actions: [], waiting: [], errors: [] },
    ],
    'machines.list': async ({ query }) => (query.query === undefined ? scene.machines : scene.machines.filter(({ name }) => select(query.query as string).machines.some((one) => one.name === name))),
    'machines.tag': async ({ params, body }) => {
      const machine = scene.machines.find(({ name }) => name === params.machine)
      if (machine === undefined) throw new AppError('not-found', `there is no machine "${params.machine}"`)
      machine.tags = [...new Set([...machine.tags, ...body.add])].filter((tag) => !body.remove.includes(tag))
      return machine
    },
    'selectors.match': async ({ query }) => select(query.query),
    'events.list': async ({ query }) => scene.events.filter((one) => (query.app === undefined || one.app === query.app) && (query.kind === undefined || query.kind.split(',').some((kind) => one.kind === kind || one.kind.startsWith(`${kind}.`))) && (query.since === undefined || one.at >= query.since) && (query.until === undefined || one.at < query.until) && (query.before === undefined || one.id < query.before)).slice(-query.limit).reverse(),
    async *'events.stream'({ query }, { signal, lastEventId }) {
      const after = lastEventId === undefined ? query.after : Number(lastEventId)
      const wanted = (one: JournalEvent) => query.app === undefined || one.app === query.app
      if (after !== undefined) for (const one of scene.events) if (one.id > after && wanted(one)) yield { id: String(one.id), data: one }
      for await (const [event] of on(world.bus, 'event', { signal }) as AsyncIterable<[JournalEvent]>) if (wanted(event)) yield { id: String(event.id), data: event }
    },
    ...logRoutes(previewLogs(world), async () => {}),
    'logs.keeping': async () => keeping(),
    'logs.keep': async () => keeping(),
    'traffic.read': async ({ query }) => trafficOf(world, Date.now(), query.minutes, query.app, query.environment),
    'resources.read': async ({ params, query }) => resourcesOf(world.app(params.app, query.environment), Date.now(), query.minutes),

    'apps.list': async ({ query }) => scene.apps.filter(({ detail }) => query.query === undefined || select(query.query).apps.some((one) => one.app === detail.name && one.environment === detail.environment)).map(summaryOf),
    'apps.create': async ({ body }) => {
      const known = scene.apps.find((one) => one.detail.name === body.name)
      if (known) return summaryOf(known)
      const template = makeScene('night', Date.now()).apps.find((one) => one.detail.name === 'sandbox') as PreviewApp
      const made = structuredClone(template)
      Object.assign(made.detail, { name: body.name, createdAt: new Date().toISOString(), gitUrl: `${baseUrl()}/git/${body.name}.git` })
      scene.apps.push(made)
      world.record('app.created', `app ${body.name} is made by rosa`, { app: body.name })
      return summaryOf(made)
    },
    'apps.read': async ({ params, query }) => world.app(params.app, query.environment).detail,
    'apps.destroy': async ({ params, query }) => {
      const app = world.app(params.app)
      if (query.confirm !== params.app) throw new AppError('invalid', `type the name of the app, "${params.app}", to confirm`)
      scene.apps.splice(0, scene.apps.length, ...scene.apps.filter((one) => one.detail.name !== params.app))
      world.record('app.destroyed', `app ${params.app} is destroyed by rosa`, { app: params.app })
      return { keptVolumes: app.detail.volumes.map((one) => one.name) }
    },
    'apps.settings': async ({ params, query, body }) => {
      Object.assign(world.app(params.app, query.environment).detail.settings, body)
      return {}
    },
    'apps.stop': async ({ params, query }) => {
      const app = world.app(params.app, query.environment)
      app.detail.settings.stopped = true
      Object.assign(app.detail, { health: 'stopped', because: 'stopped by rosa; config, releases and volumes are kept' })
      for (const service of app.detail.services) Object.assign(service, { instances: [], ready: 0, health: 'stopped', because: 'stopped by rosa' })
      world.record('app.stopped', `${params.app} is stopped by rosa`, { app: params.app })
      return {}
    },
    'apps.start': async ({ params, query }) => {
      const app = world.app(params.app, query.environment)
      app.detail.settings.stopped = false
      for (const service of app.detail.services) world.scale(app, service.name, Math.max(1, service.wanted))
      return {}
    },
    'apps.restart': async ({ params, query, body }) => ({ instances: world.restart(world.app(params.app, query.environment), (one) => (body.instance === undefined || one.name === body.instance) && (body.service === undefined || one.service === body.service)) }),
    'apps.scale': async ({ params, query, body }) => {
      const app = world.app(params.app, query.environment)
      for (const [service, count] of Object.entries(body.services)) world.scale(app, service, count)
      return { services: body.services }
    },
    'apps.manifest': async ({ params, query }) => {
      const app = world.app(params.app, query.environment)
      const drift = app.detail.services.filter((one) => one.wanted !== one.manifestScale).map((one) => ({ path: `services.${one.name}.scale`, manifest: String(one.manifestScale), actual: String(one.wanted) }))
      return { source: 'nightshift.yml', manifest: manifestSchema.parse({ services: Object.fromEntries(app.detail.services.map((one) => [one.name, { ...(one.command === null ? {} : { command: one.command }), scale: one.manifestScale }])) }), drift }
    },

    'builds.create': async ({ params }) => {
      const app = world.app(params.app)
      const made = makeBuild(Date.now(), params.app, 'running', 0)
      app.builds.unshift(made)
      return made
    },
    'builds.image': async () => {
      throw new AppError('conflict', 'images need the docker driver, and no machine has it (start an engine, then: nightshift up --driver docker)')
    },
    'builds.list': async ({ params, query }) => (query.environment === 'production' ? world.app(params.app).builds : []).slice(0, query.limit),
    'builds.read': async ({ params }) => build(params.app, params.build),
    'builds.cancel': async ({ params }) => Object.assign(build(params.app, params.build), { state: 'cancelled', finishedAt: new Date().toISOString() }),
    async *'builds.log'({ params }, { signal }) {
      const one = build(params.app, params.build)
      for (const [index, text] of buildLines(params.app, params.build).entries()) {
        if (one.state === 'running') await sleep(900, signal)
        yield { id: String(index + 1), data: { line: index + 1, at: new Date(Date.parse(one.startedAt ?? one.queuedAt) + index * 1400).toISOString(), text } }
      }
      if (one.state === 'running') Object.assign(one, { state: 'succeeded', finishedAt: new Date().toISOString(), release: 10, sizeBytes: 9_731_004 })
    },
    async *'deploys.follow'({ params }, { signal }) {
      const one = build(params.app, params.build)
      const time = (seconds: number) => new Date(Date.parse(one.startedAt ?? one.queuedAt) + seconds * 1000).toISOString()
      type Told = { step: string; at: string; detail: string; state: 'running' | 'done' | 'failed'; release: number | null; url: string | null }
      const told = (step: string, seconds: number, detail: string, state: Told['state'] = 'running'): StreamItem<Told> => ({ data: { step, at: time(seconds), detail, state, release: one.release, url: step === 'done' ? world.app(params.app).detail.url : null } })
      yield told('queued', 0, 'the source is here; the build waits for its turn')
      yield told('building', 0, one.because)
      while (one.state === 'running') await sleep(300, signal)
      if (one.state !== 'succeeded') return yield told('failed', 9, one.state === 'failed' ? 'npm run build ended with code 2' : 'cancelled by ines', 'failed')
      const steps: [string, string][] = [['built', 'built with node'], ['released', `v${one.release} = this slug + config of v${(one.release ?? 1) - 1}`], ['started', 'web.1, web.2, api.1'], ['healthy', 'web.1 answered GET /up after 1.4 s'], ['shifted', 'traffic goes to the new instances; old ones drained in 0.8 s'], ['done', '3 services on the new release']]
      for (const [index, [name, detail]] of steps.entries()) {
        yield told(name, 21 + index * 1.7, detail, name === 'done' ? 'done' : 'running')
        if (Date.now() - Date.parse(one.finishedAt ?? '') < 10_000) await sleep(900, signal)
      }
    },
    'releases.list': async ({ params, query }) => world.app(params.app, query.environment).releases.slice(0, query.limit),
    'releases.rollback': async ({ params, query, body }) => {
      const app = world.app(params.app, query.environment)
      const target = body.to === undefined ? app.releases.find((one) => one.state === 'superseded') : app.releases.find((one) => one.number === body.to)
      if (!target) throw new AppError('not-found', `app "${params.app}" has no release v${body.to ?? '?'}`)
      return world.release(app, `rollback to v${target.number}`, () => ({ artifact: target.artifact, config: target.config, secrets: target.secrets, manifest: target.manifest, commit: target.commit }))
    },
    'rollouts.cancel': async ({ params, query }) => {
      const { rollout } = world.app(params.app, query.environment).detail
      if (rollout) Object.assign(rollout, { state: 'cancelled', finishedAt: new Date().toISOString() })
      return {}
    },

    'bakes.read': async ({ params, query }) => world.app(params.app, query.environment).bake,
    'bakes.accept': async ({ params, query }) => {
      const { bake } = world.app(params.app, query.environment)
      if (bake === null || bake.endedAt !== null) throw new AppError('conflict', `no release of ${params.app} is being watched in ${query.environment}`)
      return Object.assign(bake, { state: 'accepted', because: 'accepted by rosa', endedAt: new Date().toISOString() })
    },

    'config.read': async ({ params, query }) => {
      const app = world.app(params.app, query.environment)
      return { config: app.config, manifest: app.manifestEnv, secrets: Object.entries(app.secrets).map(([name, setAt]) => ({ name, setAt })), missingSecrets: app.missingSecrets }
    },
    'config.change': async ({ params, query, body }) => {
      const app = world.app(params.app, query.environment)
      for (const [name, value] of Object.entries(body)) {
        if (value === null) delete app.config[name]
        else app.config[name] = value
      }
      const config = { ...app.config }
      return world.release(app, `config: ${Object.keys(body).join(', ')}`, () => ({ config }))
    },
    'secrets.change': async ({ params, query, body }) => {
      const app = world.app(params.app, query.environment)
      for (const [name, value] of Object.entries(body)) {
        if (value === null) delete app.secrets[name]
        else app.secrets[name] = new Date().toISOString()
        app.missingSecrets = app.missingSecrets.filter((one) => one !== name)
      }
      return world.release(app, `secrets: ${Object.keys(body).join(', ')}`, () => ({ secrets: Object.keys(app.secrets) }))
    },
    'routes.list': async ({ params, query }) => world.app(params.app, query.environment).domains.map(routeView),
    'domains.add': async ({ params, query, body }) => {
      const app = world.app(params.app, query.environment)
      if (app.domains.some((one) => one.host === body.host && one.path === body.path)) throw new AppError('conflict', `${body.host}${body.path} already leads to ${params.app}`)
      const domain = { host: body.host, path: body.path, service: body.service, source: 'operator' as const, tls: body.certificatePem !== undefined }
      app.domains.push(domain)
      return routeView(domain)
    },
    'domains.remove': async ({ params, query }) => {
      const app = world.app(params.app, query.environment)
      app.domains = app.domains.filter((one) => one.host !== params.host)
      return {}
    },
    'terminals.open': async ({ body }) => ({ id: 'ter_preview', path: `/v1/terminals/ter_preview?ticket=${encodeURIComponent(body.instance ?? body.service ?? '')}` }),
  }
}
