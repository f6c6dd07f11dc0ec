/** Rules and SLOs → preview world: what comes with Nightshift, one rule of people, one that fires, promises of two apps. */
import { AppError } from '#base/errors.ts'
import { type Rule, type RuleTrial, type Slo, ruleSpecSchema } from '#contract/alerting.ts'
import type { Alert } from '#contract/healing.ts'
import type { Handlers } from '#kernel/handlers.ts'
import { defaultRules } from '#watch/rules/defaults.ts'
import { readRuleFile } from '#watch/rules/import/file.ts'
import { ruleViews } from '#watch/rules/read.ts'
import { type Counts, objectiveView } from '#watch/rules/slo/burn.ts'
import { noise } from './noise.ts'
import type { World } from './world.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const labels = { app: 'billing', environment: 'production', service: 'web' }
const series = 'app=billing,environment=production,service=web'
const queue = ruleSpecSchema.parse({ title: 'The queue of invoices is long', measure: { metric: 'invoices_queue_length', where: { app: 'billing' }, fn: 'last' }, condition: { kind: 'threshold', is: '>', value: 1000 }, forMs: 10 * minute, summary: 'The queue of {place} holds {value}' })

function makeRules(now: number, isNight: boolean): Rule[] {
  const definitions = [{ id: 'invoices-queue', origin: 'own' as const, spec: queue, mode: 'on' as const }, ...Object.entries(defaultRules).map(([id, spec]) => ({ id, origin: 'default' as const, spec, mode: id === 'machine-inodes' ? ('off' as const) : ('on' as const) }))]
  const at = (minutes: number) => new Date(now - minutes * minute)
  const firing = { series, labels, state: 'firing' as const, since: at(17), firingSince: at(12), lastTrueAt: at(0), seenAt: at(0), value: 0.23, because: '23 % (> 5 %)' }
  const pending = { ...firing, state: 'pending' as const, since: at(4), firingSince: null, value: 1340, because: '1340 (> 1000)' }
  return ruleViews(definitions, new Map(isNight ? [['http-errors', [firing]], ['invoices-queue', [pending]]] : []), null)
}

function trialOf(rule: Pick<Rule, 'id' | 'condition' | 'summary'>, hours: number, now: number): RuleTrial {
  const threshold = 'value' in rule.condition ? rule.condition.value : null
  const stepMs = Math.max(minute, (hours * hour) / 240)
  const from = now - hours * hour
  const fires = rule.id === 'http-errors'
  const bound = threshold ?? 1
  const points = Array.from({ length: Math.floor((hours * hour) / stepMs) }, (_, nth): [number, number | null] => {
    const ms = from + nth * stepMs
    return [ms, fires && ms > now - 20 * minute ? bound * (4 + noise(rule.id, ms, 5 * minute)) : bound * 0.4 * noise(rule.id, ms, 20 * minute)]
  })
  return { since: new Date(from).toISOString(), until: new Date(now).toISOString(), stepMs, threshold, more: 0, series: [{ series, labels, points, fired: fires ? [{ from: new Date(now - 12 * minute).toISOString(), to: null, because: '23 % of the requests of billing/web fail (> 5 %)' }] : [] }] }
}

function sloOf(now: number, place: { app: string; service: string | null }, wanted: { target: number; total: number; bad: number; hourly: number; firing: 'critical' | 'warning' | null }): Slo {
  const { target, total, bad, hourly, firing } = wanted
  const count = (share: number, burn: number) => ({ total: total * share, bad: total * share * (1 - target) * burn })
  const counts: Counts = { '5m': count(0.0001, hourly), '30m': count(0.0007, hourly), '1h': count(0.0014, hourly), '6h': count(0.008, hourly / 2), '3d': count(0.1, hourly / 12), whole: { total, bad } }
  const left = 1 - bad / (total * (1 - target))
  const points = Array.from({ length: 31 }, (_, nth): [number, number] => [now - (30 - nth) * day, 1 - (1 - left) * (nth / 30) ** (hourly > 5 ? 4 : 1) - 0.03 * noise(place.app, nth * day, 3 * day)])
  const shared = { since: new Date(now - 44 * day), wholeMs: 30 * day }
  return {
    app: place.app, environment: 'production', service: place.service, origin: 'manifest', windowMs: 30 * day,
    objectives: [
      objectiveView({ ...shared, kind: 'availability', target, thresholdMs: null, counts, firing, points }),
      objectiveView({ ...shared, kind: 'latency', target: 0.99, thresholdMs: 500, counts: { ...counts, '1h': count(0.0014, 0.2), whole: { total, bad: total * 0.003 } }, firing: null, points: points.map(([ms], nth) => [ms, 1 - 0.3 * (nth / 30)]) }),
    ],
  }
}

export function alertHandlers(world: World): Handlers {
  const now = Date.now()
  const isNight = world.heal.alerts.length > 0
  const rules = makeRules(now, isNight)
  const has = (app: string) => world.scene.apps.some((one) => one.detail.name === app)
  const slos = [
    ...(has('shop') ? [sloOf(now, { app: 'shop', service: null }, { target: 0.999, total: 5_400_000, bad: 1300, hourly: 0.3, firing: null })] : []),
    ...(has('billing') && isNight ? [sloOf(now, { app: 'billing', service: null }, { target: 0.999, total: 880_000, bad: 1010, hourly: 22, firing: 'critical' })] : []),
  ]
  if (isNight && !world.heal.alerts.some((one) => one.target.startsWith('rule:'))) world.heal.alerts.push(...alertsOf(now))
  const find = (id: string) => {
    const rule = rules.find((one) => one.id === id)
    if (rule === undefined) throw new AppError('not-found', `there is no rule "${id}" (see: nightshift rules)`)
    return rule
  }
  const ofApp = (app: string | undefined) => slos.filter((one) => app === undefined || one.app === app)
  return {
    'rules.list': async () => rules,
    'rules.read': async ({ params }) => find(params.rule),
    'rules.put': async ({ params, body }) => {
      const [rule] = ruleViews([{ id: params.rule, origin: 'own', spec: body, mode: 'on' }], new Map(), null)
      rules.unshift(rule as Rule)
      return rule as Rule
    },
    'rules.remove': async ({ params }) => (rules.splice(rules.indexOf(find(params.rule)), 1), {}),
    'rules.mode': async ({ params, body }) => Object.assign(find(params.rule), { mode: body.mode }),
    'rules.import': async ({ body }) => ({ ...readRuleFile(body.text), saved: body.save }),
    'rules.test': async ({ body }) => trialOf({ ...body.rule, id: 'new' }, body.hours, Date.now()),
    'rules.history': async ({ params, query }) => trialOf(find(params.rule), query.hours, Date.now()),
    'slos.list': async ({ query }) => ofApp(query.app),
    'slos.put': async ({ params }) => ofApp(params.app),
    'slos.remove': async ({ params }) => ofApp(params.app),
  }
}

function alertsOf(now: number): Alert[] {
  const base = { environment: 'production', machine: null, remediation: null, clearedAt: null, app: 'billing', severity: 'critical' } as const
  return [
    { ...base, id: 'alt_rule', target: `rule:http-errors:${series}`, service: 'web', title: 'Many requests fail: billing/web', because: '23 % of the requests of billing/web fail (> 5 %)', wayOut: 'nightshift why web -a billing', raisedAt: new Date(now - 12 * minute).toISOString() },
    { ...base, id: 'alt_slo', target: 'rule:slo:billing/production/*:availability:page', service: null, title: 'The error budget of billing burns too fast', because: '2.2 % of 1232 requests failed in 1 h and 9.1 % of 88 in 5 min: the error budget burns 22.0 times too fast; nothing of it is left', wayOut: 'nightshift slo billing', raisedAt: new Date(now - 9 * minute).toISOString() },
  ]
}
