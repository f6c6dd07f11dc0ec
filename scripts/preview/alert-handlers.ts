/** Rules and SLOs → preview world: what comes with Nightshift, one rule of people, one that fires, promises of two apps. */
import { AppError } from '#base/errors.ts'
import { type Rule, type RuleTrial, ruleSpecSchema } from '#contract/alerting.ts'
import type { Alert } from '#contract/healing.ts'
import type { Handlers } from '#kernel/handlers.ts'
import { defaultRules } from '#watch/rules/defaults.ts'
import { readRuleFile } from '#watch/rules/import/file.ts'
import { aboutOf } from '#watch/rules/judge.ts'
import { ruleViews } from '#watch/rules/read.ts'
import { tryRule } from '#watch/rules/trial.ts'
import { previewQuery } from './metric-handlers.ts'
import { noise } from './noise.ts'
import { sloHandlers } from './slo-handlers.ts'
import type { World } from './world.ts'

const minute = 60_000
const hour = 60 * minute
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

/** Of the rule that fires tonight. */
function burstOf({ id, condition }: Rule, hours: number, now: number): RuleTrial {
  const threshold = 'value' in condition ? condition.value : 1
  const stepMs = Math.max(minute, (hours * hour) / 240)
  const from = now - hours * hour
  const points = Array.from({ length: Math.floor((hours * hour) / stepMs) }, (_, nth): [number, number | null] => {
    const ms = from + nth * stepMs
    return [ms, ms > now - 20 * minute ? threshold * (4 + noise(id, ms, 5 * minute)) : threshold * 0.4 * noise(id, ms, 20 * minute)]
  })
  return { since: new Date(from).toISOString(), until: new Date(now).toISOString(), stepMs, threshold, more: 0, series: [{ series, labels, points, usual: null, fired: [{ from: new Date(now - 12 * minute).toISOString(), to: null, because: '23 % of the requests of billing/web fail (> 5 %)' }] }] }
}

export function alertHandlers(world: World): Handlers {
  const now = Date.now()
  const isNight = world.heal.alerts.length > 0
  const rules = makeRules(now, isNight)
  const ask = { query: previewQuery(world), apps: null, inScope: () => true }
  if (isNight && !world.heal.alerts.some((one) => one.target.startsWith('rule:'))) world.heal.alerts.push(...alertsOf(now))
  const find = (id: string) => {
    const rule = rules.find((one) => one.id === id)
    if (rule === undefined) throw new AppError('not-found', `there is no rule "${id}" (see: nightshift rules)`)
    return rule
  }
  return {
    'rules.list': async () => rules,
    'rules.read': async ({ params }) => find(params.rule),
    'rules.put': async ({ params, body }) => {
      const at = rules.findIndex((one) => one.id === params.rule)
      const [rule] = ruleViews([{ id: params.rule, origin: 'own', spec: body, mode: rules[at]?.mode ?? 'on' }], new Map(), null) as [Rule]
      if (at === -1) rules.unshift(rule)
      else rules[at] = { ...rule, states: (rules[at] as Rule).states }
      return rule
    },
    'rules.remove': async ({ params }) => {
      rules.splice(rules.indexOf(find(params.rule)), 1, ...makeRules(Date.now(), false).filter(({ id, origin }) => id === params.rule && origin === 'default'))
      return {}
    },
    'rules.mode': async ({ params, body }) => Object.assign(find(params.rule), { mode: body.mode }),
    'rules.import': async ({ body }) => {
      const { rules: read, skipped } = readRuleFile(body.text, body.source)
      const taken = read.map((rule) => ({ ...rule, about: aboutOf(rule.spec), replaces: rules.some(({ id }) => id === rule.id) }))
      if (body.save) rules.unshift(...ruleViews(read.map(({ id, spec }) => ({ id, spec, origin: 'own', mode: 'on' })), new Map(), null))
      return { rules: taken, skipped, saved: body.save }
    },
    'rules.test': async ({ body }) => tryRule(body.rule, body.hours, new Date(), ask),
    'rules.history': async ({ params, query }) => (params.rule === 'http-errors' ? burstOf(find(params.rule), query.hours, Date.now()) : tryRule(find(params.rule), query.hours, new Date(), ask)),
    ...sloHandlers(world, isNight),
  }
}

function alertsOf(now: number): Alert[] {
  const base = { environment: 'production', machine: null, remediation: null, clearedAt: null, app: 'billing', severity: 'critical' } as const
  return [
    { ...base, id: 'alt_rule', target: `rule:http-errors:${series}`, service: 'web', title: 'Many requests fail: billing/web', because: '23 % of the requests of billing/web fail (> 5 %)', wayOut: 'nightshift why web -a billing', raisedAt: new Date(now - 12 * minute).toISOString() },
    { ...base, id: 'alt_slo', target: 'rule:slo:billing/production/*:availability:page', service: null, title: 'The error budget of billing burns too fast', because: '2.2 % of 1232 requests failed in 1 h and 9.1 % of 88 in 5 min: the error budget burns 22.0 times too fast; nothing of it is left', wayOut: 'nightshift slo billing', raisedAt: new Date(now - 9 * minute).toISOString() },
  ]
}
