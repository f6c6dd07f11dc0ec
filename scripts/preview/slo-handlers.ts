/** SLOs of the preview's world: those of two apps' manifests, and what people set over them. Trials are judged as the real ones are. */
import { AppError } from '#base/errors.ts'
import type { Slo, SloSpec } from '#contract/alerting.ts'
import { latencyBucketsMs } from '#contract/wire.ts'
import type { Handlers } from '#kernel/handlers.ts'
import { type Counts, objectiveView } from '#watch/rules/slo/burn.ts'
import { objectivesOf } from '#watch/rules/slo/model.ts'
import { sloTrial } from '#watch/rules/slo/trial.ts'
import type { MinuteCount } from '#watch/traffic/read.ts'
import { isCrowd } from './crowd.ts'
import { noise, pick, requestRate } from './noise.ts'
import type { World } from './world.ts'

const minute = 60_000
const day = 86_400_000

type Place = { app: string; environment: string; service: string | null }
type Seen = { total: number; bad: number; hourly: number; firing: 'critical' | 'warning' | null }
const calm: Seen = { total: 420_000, bad: 90, hourly: 0.2, firing: null }
const usual: SloSpec = { availability: 0.999, p99Ms: 500, windowMs: 30 * day, alerts: true }

function sloOf(now: number, place: Place, spec: SloSpec, { total, bad, hourly, firing }: Seen, more: Pick<Slo, 'origin' | 'declared'>): Slo {
  const wholeMs = spec.windowMs
  const days = wholeMs / day
  return {
    ...place, ...more, alerts: spec.alerts, windowMs: wholeMs,
    objectives: objectivesOf(spec).map(({ kind, target, thresholdMs }) => {
      const isSlow = kind === 'latency'
      const share = (part: number, burn: number) => ({ total: total * part, bad: total * part * (1 - target) * burn })
      const whole = { total, bad: isSlow ? total * 0.003 : bad }
      const counts: Counts = { '5m': share(0.0001, hourly), '30m': share(0.0007, hourly), '1h': share(0.0014, isSlow ? 0.2 : hourly), '6h': share(0.008, hourly / 2), '3d': share(0.1, hourly / 12), whole }
      const left = 1 - whole.bad / (total * (1 - target))
      const points = Array.from({ length: 31 }, (_, nth): [number, number] => [now - ((30 - nth) / 30) * wholeMs, 1 - (1 - left) * (nth / 30) ** (hourly > 5 && !isSlow ? 4 : 1) - (isSlow ? 0 : 0.03 * noise(place.app, (nth / 30) * days * day, 3 * day))])
      return objectiveView({ kind, target, thresholdMs, since: new Date(now - 44 * day), wholeMs, counts, firing: isSlow || !spec.alerts ? null : firing, points })
    }),
  }
}

/** What callers saw of the last day: busy by day, with a bad half hour. */
function minutesOf({ app, environment, service }: Place, fromMs: number, untilMs: number): MinuteCount[] {
  const key = `${app}/${service ?? ''}`
  return Array.from({ length: (untilMs - fromMs) / minute }, (_, nth) => {
    const atMs = fromMs + (nth + 1) * minute
    const requests = Math.round(requestRate(key, atMs, 40) * 60)
    const isBad = atMs > untilMs - 7 * 60 * minute && atMs < untilMs - 6.5 * 60 * minute
    const slow = Math.round(requests * (isBad ? 0.2 : 0.003))
    const latency = [...latencyBucketsMs.map((bound) => (bound === 100 ? requests - slow : bound === 1000 ? slow : 0)), 0]
    return { app, environment, service: service ?? 'web', outside: true, atMs, requests, errors: Math.round(requests * (isBad ? 0.04 : 0.0004 * noise(`${key}.bad`, atMs, 20 * minute))), latency }
  })
}

export function sloHandlers(world: World, isNight: boolean): Handlers {
  const now = Date.now()
  const has = (app: string) => world.scene.apps.some((one) => one.detail.name === app)
  const ofManifest = { origin: 'manifest', declared: true } as const
  const whole = (app: string): Place => ({ app, environment: 'production', service: null })
  const declared = [
    ...(has('shop') ? [sloOf(now, whole('shop'), usual, { total: 5_400_000, bad: 1300, hourly: 0.3, firing: null }, ofManifest)] : []),
    ...(has('billing') && isNight ? [sloOf(now, whole('billing'), usual, { total: 880_000, bad: 1010, hourly: 22, firing: 'critical' }, ofManifest)] : []),
    ...(isCrowd(world.name) ? world.scene.apps.map(({ detail: { name, health } }) => sloOf(now, whole(name), usual, health === 'down' ? { total: 2_400_000, bad: 2900, hourly: 18, firing: 'critical' } : { ...calm, bad: 260 * pick(name, 7, 1) }, ofManifest)) : []),
  ]
  let own: Slo[] = []
  const isAt = (place: Place) => (one: Slo) => one.app === place.app && one.environment === place.environment && one.service === place.service
  const all = () => [...declared.filter((one) => !own.some(isAt(one))), ...own].sort((a, b) => `${a.app}${a.service ?? ''}`.localeCompare(`${b.app}${b.service ?? ''}`))
  const list = (app: string | undefined, environment: string | undefined) => all().filter((one) => (app === undefined || one.app === app) && (environment === undefined || one.environment === environment))
  const placeOf = (params: { app: string }, query: { environment: string; service?: string | undefined }): Place => ({ app: params.app, environment: query.environment, service: query.service ?? null })
  return {
    'slos.list': async ({ query }) => list(query.app, query.environment),
    'slos.put': async ({ params, query, body }) => {
      const place = placeOf(params, query)
      const before = declared.find(isAt(place))
      own = [...own.filter((one) => !isAt(place)(one)), sloOf(Date.now(), place, body, before?.objectives[0] === undefined ? calm : { total: before.objectives[0].total, bad: before.objectives[0].bad, hourly: 0.3, firing: before.objectives[0].firing }, { origin: 'own', declared: before !== undefined })]
      return list(params.app, query.environment)
    },
    'slos.test': async ({ params, query, body }) => {
      const untilMs = Math.floor(Date.now() / minute) * minute
      const fromMs = untilMs - day
      return sloTrial(body, minutesOf(placeOf(params, query), fromMs, untilMs), { fromMs, untilMs })
    },
    'slos.remove': async ({ params, query }) => {
      const place = placeOf(params, query)
      if (!own.some(isAt(place))) throw new AppError('not-found', `${params.app} has no SLO that was set by people`)
      own = own.filter((one) => !isAt(place)(one))
      return list(params.app, query.environment)
    },
  }
}
