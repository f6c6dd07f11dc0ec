/** Rules and SLOs → preview world: what comes with Nightshift, one rule of people, one that fires, SLOs of two apps. */
import { systemClock } from '#base/clock.ts'
import { AppError } from '#base/errors.ts'
import { type Rule, type RuleTrial, ruleSpecSchema } from '#contract/alerting.ts'
import { logLinesMetric } from '#contract/metric-words.ts'
import type { Alert } from '#contract/healing.ts'
import type { Handlers } from '#kernel/handlers.ts'
import { defaultRules } from '#watch/rules/defaults.ts'
import { readRuleFile } from '#watch/rules/import/file.ts'
import { aboutOf } from '#watch/rules/judge.ts'
import { trialBudget } from '#watch/rules/counted-minutes.ts'
import { openLogLines } from '#watch/rules/log-lines.ts'
import type { QueryMetrics } from '#watch/rules/model.ts'
import { ruleViews } from '#watch/rules/read.ts'
import { tryRule } from '#watch/rules/trial.ts'
import { isCrowd, sickOf } from './crowd.ts'
import { previewQuery } from './metric-handlers.ts'
import { previewLogs } from './log-reader.ts'
import { noise } from './noise.ts'
import { sloHandlers } from './slo-handlers.ts'
import type { World } from './world.ts'

const minute = 60_000
const hour = 60 * minute
type Labels = { app: string; environment: string; service: string }
const billing: Labels = { app: 'billing', environment: 'production', service: 'web' }
const keyOf = (labels: Labels) => Object.entries(labels).map(([name, value]) => `${name}=${value}`).join(',')
const queue = ruleSpecSchema.parse({ title: 'The queue of invoices is long', measure: { metric: 'invoices_queue_length', where: { app: 'billing' }, fn: 'last' }, condition: { kind: 'threshold', is: '>', value: 1000 }, forMs: 10 * minute, summary: 'The queue of {place} holds {value}' })

const orders = ruleSpecSchema.parse({ title: 'Orders take long', measure: { metric: 'nightshift_http_request_duration_seconds', where: { app: 'shop', environment: 'production' }, fn: 'p95', by: ['service'] }, condition: { kind: 'threshold', is: '>', value: 2 }, forMs: 5 * minute, severity: 'critical', summary: 'Orders of {place} take {value}', wayOut: 'look at the queue of the worker' })

/** `sick`: of which more than 5 % of the requests fail. */
function makeRules(now: number, sick: readonly Labels[]): Rule[] {
  const definitions = [{ id: 'shop.orders', origin: 'manifest' as const, spec: orders, mode: 'on' as const, offUntil: null }, { id: 'invoices-queue', origin: 'own' as const, spec: queue, mode: 'on' as const, offUntil: null }, ...Object.entries(defaultRules).map(([id, spec]) => ({ id, origin: 'default' as const, spec, mode: id === 'machine-inodes' ? ('off' as const) : ('on' as const), offUntil: id === 'machine-inodes' ? new Date(Date.now() + 5_400_000) : null }))]
  const at = (minutes: number) => new Date(now - minutes * minute)
  const firing = sick.map((labels) => ({ series: keyOf(labels), labels, state: 'firing' as const, since: at(17), firingSince: at(12), lastTrueAt: at(0), seenAt: at(0), value: 0.23, because: '23 % (> 5 %)' }))
  const pending = firing.slice(0, 1).map((one) => ({ ...one, state: 'pending' as const, since: at(4), firingSince: null, value: 1340, because: '1340 (> 1000)' }))
  const states: [string, (typeof firing[number] | typeof pending[number])[]][] = sick.length === 0 ? [] : [['http-errors', firing], ['invoices-queue', pending]]
  return ruleViews(definitions, new Map(states), null)
}

/** Of the rule that fires tonight. */
function burstOf({ id, condition }: Rule, labels: Labels, hours: number, now: number): RuleTrial {
  const threshold = 'value' in condition ? condition.value : 1
  const stepMs = Math.max(minute, (hours * hour) / 240)
  const from = now - hours * hour
  const points = Array.from({ length: Math.floor((hours * hour) / stepMs) }, (_, nth): [number, number | null] => {
    const ms = from + nth * stepMs
    return [ms, ms > now - 20 * minute ? threshold * (4 + noise(id, ms, 5 * minute)) : threshold * 0.4 * noise(id, ms, 20 * minute)]
  })
  return { since: new Date(from).toISOString(), until: new Date(now).toISOString(), stepMs, threshold, more: 0, series: [{ series: keyOf(labels), labels, points, usual: null, fired: [{ from: new Date(now - 12 * minute).toISOString(), to: null, because: `23 % of the requests of ${labels.app}/${labels.service} fail (> 5 %)` }] }] }
}

export function alertHandlers(world: World): Handlers {
  const now = Date.now()
  const isNight = world.heal.alerts.length > 0
  const sick = !isNight ? [] : isCrowd(world.name) ? sickOf(world.scene.apps).filter(({ service }) => service.health !== 'working').map(({ app, service }): Labels => ({ app, environment: 'production', service: service.name })) : [billing]
  const rules = makeRules(now, sick)
  const metrics = previewQuery(world)
  const lines = openLogLines({ tally: previewLogs(world).tally, clock: systemClock, budget: trialBudget })
  const query: QueryMetrics = (asked, apps) => (asked.metric === logLinesMetric ? lines(asked, apps) : metrics(asked))
  const ask = { query, apps: null, inScope: () => true }
  if (isNight && !world.heal.alerts.some((one) => one.target.startsWith('rule:'))) world.heal.alerts.push(...(isCrowd(world.name) ? sick.map((labels) => failingAlert(labels, now)) : nightAlerts(now)))
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
      const [rule] = ruleViews([{ id: params.rule, origin: 'own', spec: body, mode: rules[at]?.mode ?? 'on', offUntil: null }], new Map(), null) as [Rule]
      if (at === -1) rules.unshift(rule)
      else rules[at] = { ...rule, states: (rules[at] as Rule).states }
      return rule
    },
    'rules.remove': async ({ params }) => {
      rules.splice(rules.indexOf(find(params.rule)), 1, ...makeRules(Date.now(), []).filter(({ id, origin }) => id === params.rule && origin === 'default'))
      return {}
    },
    'rules.mode': async ({ params, body }) => Object.assign(find(params.rule), { mode: body.mode, offUntil: body.forMs === undefined ? null : new Date(Date.now() + body.forMs).toISOString() }),
    'rules.import': async ({ body }) => {
      const { rules: read, skipped } = readRuleFile(body.text, body.source)
      const taken = read.map((rule) => ({ ...rule, about: aboutOf(rule.spec), replaces: rules.some(({ id }) => id === rule.id) }))
      if (body.save) rules.unshift(...ruleViews(read.map(({ id, spec }) => ({ id, spec, origin: 'own', mode: 'on', offUntil: null })), new Map(), null))
      return { rules: taken, skipped, saved: body.save }
    },
    'rules.test': async ({ body }) => tryRule(body.rule, body.hours, new Date(), ask),
    'rules.history': async ({ params, query }) => (params.rule === 'http-errors' ? burstOf(find(params.rule), sick[0] ?? billing, query.hours, Date.now()) : tryRule(find(params.rule), query.hours, new Date(), ask)),
    ...sloHandlers(world, isNight),
  }
}

const base = { machine: null, remediation: null, clearedAt: null, severity: 'critical' } as const

function failingAlert(labels: Labels, now: number): Alert {
  const place = `${labels.app}/${labels.service}`
  return { ...base, ...labels, id: `alt_rule_${place}`, target: `rule:http-errors:${keyOf(labels)}`, title: `Many requests fail: ${place}`, because: `23 % of the requests of ${place} fail (> 5 %)`, wayOut: `nightshift why ${labels.service} -a ${labels.app}`, raisedAt: new Date(now - 12 * minute).toISOString() }
}

function nightAlerts(now: number): Alert[] {
  return [
    failingAlert(billing, now),
    { ...base, ...billing, service: null, id: 'alt_slo', target: 'rule:slo:billing/production/*:availability:page', title: 'The error budget of billing burns too fast', because: '2.2 % of 1232 requests failed in 1 h and 9.1 % of 88 in 5 min: the error budget burns 22.0 times too fast; nothing of it is left', wayOut: 'nightshift slo billing', raisedAt: new Date(now - 9 * minute).toISOString() },
  ]
}
