/** Healing's endpoints → preview world. */
import { AppError } from '#base/errors.ts'
import type { Remediation, RemediationDetail, Why } from '#contract/healing.ts'
import type { Handlers } from '#kernel/handlers.ts'
import { noise, requestRate } from './noise.ts'
import type { World } from './world.ts'

const changes = /^(release\.activated|release\.failed|config\.|secret\.|scale\.|domain\.|app\.|git\.pushed)/
const isOpen = (one: Remediation) => one.endedAt === null

/** What callers saw, from ten minutes before to ten after. */
function trafficAround(one: Remediation, base: number, now: number): RemediationDetail['traffic'] {
  const opened = Date.parse(one.signal.since)
  const ended = one.endedAt === null ? now : Date.parse(one.endedAt)
  const from = Math.floor((opened - 600_000) / 15_000) * 15_000
  const count = Math.floor((Math.min(now, ended + 600_000) - from) / 15_000)
  return Array.from({ length: Math.min(count, 400) }, (_, index) => {
    const ms = from + index * 15_000
    const isSick = ms >= opened - 15_000 && ms <= ended - 20_000
    const requests = Math.round(requestRate(one.target, ms, base) * 15)
    const share = isSick ? 0.22 + 0.2 * noise(one.id, ms, 40_000) : 0.001
    return { at: new Date(ms).toISOString(), requests, errors: Math.round(requests * share), p50Ms: 8, p99Ms: (isSick ? 900 : 90) * (0.7 + 0.6 * noise(`${one.id}.p99`, ms, 50_000)) }
  })
}

export function healHandlers(world: World): Handlers {
  const { scene, heal } = world
  const find = (id: string): Remediation => {
    const found = heal.remediations.find((one) => one.id === id)
    if (!found) throw new AppError('not-found', `there is no remediation "${id}" (see: nightshift heal list)`)
    return found
  }
  const overview = () => ({ ...heal.overview, rules: heal.rules })
  const near = (one: Remediation) => {
    const [from, to] = [new Date(Date.parse(one.signal.since) - 600_000).toISOString(), one.endedAt === null ? '9' : new Date(Date.parse(one.endedAt) + 600_000).toISOString()]
    return scene.events.filter((event) => event.at >= from && event.at <= to && (one.app === null ? event.machine === one.machine : event.app === one.app))
  }
  const linesOf = (app: string | null, service: string | null, until: string) => world.lines.filter((line) => line.app === app && line.service === service && line.at <= until)
  return {
    'healing.overview': async () => overview(),
    'healing.list': async ({ query }) => {
      const found = heal.remediations
        .filter((one) => (query.app === undefined || one.app === query.app) && (query.environment === undefined || one.environment === query.environment) && (query.service === undefined || one.service === query.service) && (!query.open || isOpen(one)))
        .toSorted((a, b) => b.openedAt.localeCompare(a.openedAt))
      const from = query.before === undefined ? 0 : found.findIndex(({ id }) => id === query.before) + 1
      return found.slice(from, from + query.limit)
    },
    'healing.read': async ({ params }) => {
      const one = find(params.id)
      return { ...one, events: near(one), lines: linesOf(one.app, one.service, one.endedAt ?? '9').slice(-14), traffic: one.app === null ? [] : trafficAround(one, 40, Date.now()) }
    },
    'healing.approve': async ({ params }) => {
      const one = find(params.id)
      if (one.state !== 'suggested' || one.next === null) throw new AppError('conflict', `remediation "${one.id}" does not wait for approval: it is ${one.state}`)
      const now = Date.now()
      one.tries.push({ rung: one.next, did: 'took v3 back: v4 has the code and config of v2', at: new Date(now).toISOString(), by: 'rosa', outcome: 'verifying', verdict: null, verifyBy: new Date(now + 300_000).toISOString(), endedAt: null })
      Object.assign(one, { state: 'verifying', next: null, because: 'web.1 is watched until it has been ready for 60 s' })
      world.record('remediation.approved', `rosa approved: ${one.target} is reverted`, { app: one.app, service: one.service, data: { remediation: one.id } })
      return one
    },
    'healing.dismiss': async ({ params }) => {
      const one = Object.assign(find(params.id), { state: 'dismissed', next: null, because: 'rosa took it', endedAt: new Date().toISOString() } as const)
      world.record('remediation.dismissed', `rosa took ${one.target}; healing leaves it alone`, { app: one.app, service: one.service, data: { remediation: one.id } })
      return one
    },
    'healing.setRule': async ({ params, body }) => {
      const rule = heal.rules.find((one) => one.id === params.rule)
      if (!rule) throw new AppError('not-found', `there is no rule "${params.rule}"`)
      rule.mode = body.mode ?? rule.defaultMode
      world.record('healing.rule-changed', `rosa set the rule “${rule.title}” to ${rule.mode}`)
      return rule
    },
    'healing.stop': async ({ body }) => {
      heal.overview.stopped = { by: 'rosa', because: body.because, at: new Date().toISOString() }
      world.record('healing.stopped', `rosa stopped healing: ${body.because}`)
      return overview()
    },
    'healing.resume': async () => {
      heal.overview.stopped = null
      world.record('healing.resumed', 'rosa let healing go on')
      return overview()
    },
    'healing.unpause': async ({ params }) => {
      const [pause] = heal.overview.pauses.splice(heal.overview.pauses.findIndex(({ id }) => id === params.id), 1)
      if (pause === undefined) throw new AppError('not-found', `no pause "${params.id}" holds now`)
      world.record('healing.unpaused', 'rosa ended a pause of healing')
      return pause
    },
    'alerts.list': async ({ query }) => heal.alerts.filter((one) => (query.app === undefined || one.app === query.app) && (!query.open || one.clearedAt === null)).slice(0, query.limit),
    'changes.list': async ({ query }) => scene.events.filter((one) => changes.test(one.kind) && (query.app === undefined || one.app === query.app) && (query.environment === undefined || one.environment === query.environment) && (query.before === undefined || one.id < query.before)).slice(-query.limit).reverse(),
    'why.read': async ({ params, query }): Promise<Why> => {
      const service = world.app(params.app, query.environment).detail.services.find((one) => one.name === params.service)
      if (!service) throw new AppError('not-found', `app "${params.app}" has no service "${params.service}"`)
      const remediation = heal.remediations.find((one) => one.app === params.app && one.environment === query.environment && one.service === params.service) ?? null
      const sick = service.instances.filter((one) => one.state !== 'ready')
      return {
        app: params.app, environment: query.environment, service: params.service, health: service.health,
        sentence: `${params.app}/${params.service} is ${service.health}: ${service.because}.`,
        waiting: remediation === null || !isOpen(remediation) ? sick.filter((one) => one.retryAt !== null).map((one) => `the next start of ${one.name}`) : [remediation.because],
        tried: (remediation?.tries ?? []).map((one) => ({ at: one.at, what: one.did, outcome: one.verdict ?? (one.outcome === 'verifying' ? 'being verified' : 'nothing to verify') })).reverse(),
        ends: service.health !== 'healthy' ? [] : service.instances.slice(0, 1).map(({ name }) => ({
          instance: name, endedAt: new Date(Date.now() - 250_000).toISOString(), backAt: new Date(Date.now() - 249_100).toISOString(), backAfterMs: 900, fromOutside: true,
          sentence: `${params.app}/${name} was ended by SIGKILL after 2 h 5 min, not by Nightshift, 4 min 10 s ago; it was started again, and was in rotation after 900 ms`,
          knownFrom: 'its exit status, which the agent of node-1 read', events: [scene.events.at(-1)?.id ?? 1],
        })),
        changes: scene.events.filter((one) => one.app === params.app && changes.test(one.kind)).slice(-4).reverse(),
        instances: sick.map(({ name, state, because }) => ({ name, state, because })),
        lines: sick.length === 0 ? [] : linesOf(params.app, params.service, '9').slice(-6),
        alert: heal.alerts.find((one) => one.app === params.app && one.service === params.service && one.clearedAt === null) ?? null,
        remediation,
        pause: null,
        wayOut: params.app === 'search' ? ['nightshift secrets set INDEX_KEY --app search', 'nightshift rollback v2 --app search'] : [`nightshift logs -f --app ${params.app} --service ${params.service}`, 'raise services.web.resources.memory in nightshift.yml and deploy'],
      }
    },
  }
}
