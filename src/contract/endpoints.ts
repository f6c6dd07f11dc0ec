/**
 * The public API as data: every way in, with its schemas and what it takes to be let in. The server mounts it, the
 * client calls it, OpenAPI is printed from it, and the stranger walk tries each entry without a credential.
 */
import { z } from 'zod'
import * as alerting from './alerting.ts'
import { appName, branchName, environmentName, hostName, instanceName, machineName, pathPrefix, selectorText, serviceName, variableName, variableValue } from './names.ts'
import * as dashboards from './dashboards.ts'
import * as drains from './drains.ts'
import * as forwards from './forwards.ts'
import { pluginName } from './check-kinds.ts'
import * as checks from './checks.ts'
import * as heal from './healing.ts'
import * as logs from './logs.ts'
import { logFilter } from './logs.ts'
import { loopSchema } from './loops.ts'
import * as metrics from './metrics.ts'
import * as m from './model.ts'
import { searchQuery, searchSchema } from './search.ts'
import { selectionSchema, tagList } from './selecting.ts'
import { traceId, traceListSchema, traceSchema, tracesQuery } from './traces.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** public: no credential · read ⊂ deploy ⊂ admin: what the credential must allow */
export type Access = 'public' | 'read' | 'deploy' | 'admin'

export type EndpointSpec = {
  method: Method
  path: `/v1/${string}`
  access: Access
  summary: string
  params?: z.ZodObject
  query?: z.ZodObject
  body?: z.ZodType
  /** Raw request body of this type instead of JSON. */
  upload?: string
  response: z.ZodType
  /** Server-sent events: each event's data is one `response`. */
  stream?: true
}

const app = z.object({ app: appName })
const check = z.object({ check: z.string().min(1).max(80) })
const inEnvironment = { environment: environmentName.default('production') }
const environment = z.object(inEnvironment)
const inService = z.object({ ...inEnvironment, service: serviceName.optional() })
const page = { limit: z.coerce.number().int().min(1).max(1000).default(100) }
const nothing = z.object({})
const windowMinutes = z.coerce.number().int().min(1).max(1440).default(60)
const trialHours = z.coerce.number().int().min(1).max(168).default(24)
const queuedRelease = z.object({ release: z.number().int(), rollout: z.string().nullable() })

function define<const T extends Record<string, EndpointSpec>>(table: T): T {
  return table
}

export const endpoints = define({
  // ---- who am I, ways in
  'system.health': { method: 'GET', path: '/v1/health', access: 'public', summary: 'Whether control is up.', response: z.object({ ok: z.literal(true), version: z.string() }) },
  'system.info': { method: 'GET', path: '/v1/info', access: 'read', summary: 'Version, ports and where apps are served.', response: z.object({ version: z.string(), apiUrl: z.string(), ingressUrl: z.string(), httpPort: z.number(), httpsPort: z.number().nullable(), driver: z.string().nullable(), actor: m.actorSchema, access: z.enum(['read', 'deploy', 'admin']) }) },
  'login.link': { method: 'POST', path: '/v1/login-links', access: 'admin', summary: 'Make a one-time login link for the console.', body: z.object({ name: z.string().min(1).max(60).default('operator') }).prefault({}), response: z.object({ url: z.string(), expiresAt: z.iso.datetime() }) },
  'login.redeem': { method: 'POST', path: '/v1/login', access: 'public', summary: 'Trade a one-time code, or an API token, for a session cookie.', body: z.object({ code: z.string().min(1).max(200) }), response: z.object({ actor: m.actorSchema }) },
  'login.logout': { method: 'POST', path: '/v1/logout', access: 'read', summary: 'End this session.', response: nothing },
  'tokens.list': { method: 'GET', path: '/v1/tokens', access: 'admin', summary: 'API tokens, without their secrets.', response: z.array(m.tokenSchema) },
  'tokens.create': { method: 'POST', path: '/v1/tokens', access: 'admin', summary: 'Make an API token; its secret is shown this once.', body: z.object({ name: z.string().min(1).max(60), scope: z.enum(['admin', 'deploy', 'read']).default('deploy'), apps: z.array(appName).optional(), expiresInDays: z.number().int().min(1).max(3650).optional() }), response: m.tokenSchema.extend({ secret: z.string() }) },
  'tokens.revoke': { method: 'DELETE', path: '/v1/tokens/{id}', access: 'admin', summary: 'Revoke an API token at once.', params: z.object({ id: z.string().max(60) }), response: nothing },

  // ---- seeing
  'tonight.read': { method: 'GET', path: '/v1/tonight', access: 'read', summary: 'The home page: one sentence, 24 hours, what needs a person.', response: m.tonightSchema },
  'map.read': { method: 'GET', path: '/v1/map', access: 'read', summary: 'Services, edges and machines as they are, or as they were at a moment of the past.', query: z.object({ at: z.iso.datetime().optional() }), response: m.mapSchema },
  'traces.list': { method: 'GET', path: '/v1/traces', access: 'read', summary: 'Traces that were kept, newest first, and how long those take that fit.', query: tracesQuery, response: traceListSchema },
  'traces.read': { method: 'GET', path: '/v1/traces/{trace}', access: 'read', summary: 'The spans of a trace, and the log lines that name it.', params: z.object({ trace: traceId }), response: traceSchema },
  'search.read': { method: 'GET', path: '/v1/search', access: 'read', summary: 'Apps, services, machines, alerts, releases, events, documents and log lines that hold the words, best first.', query: searchQuery, response: searchSchema },
  'loops.list': { method: 'GET', path: '/v1/loops', access: 'read', summary: 'What each loop of control did last and what it waits for; for credentials that see all apps.', response: z.array(loopSchema) },
  'machines.list': { method: 'GET', path: '/v1/machines', access: 'read', summary: 'Machines and what each cannot do; with `query`, those it matches.', query: z.object({ query: selectorText.optional() }), response: z.array(m.machineSchema) },
  'machines.tag': { method: 'PATCH', path: '/v1/machines/{machine}/tags', access: 'admin', summary: 'Give tags to a machine, and take tags from it.', params: z.object({ machine: machineName }), body: z.object({ add: tagList.default([]), remove: tagList.default([]) }), response: m.machineSchema },
  'machines.forget': { method: 'DELETE', path: '/v1/machines/{machine}', access: 'admin', summary: 'Forget a machine that is lost for good; what ran there is placed elsewhere. Refused while it is connected.', params: z.object({ machine: machineName }), response: m.machineSchema },
  'selectors.match': { method: 'GET', path: '/v1/selection', access: 'read', summary: 'What a query over machines, apps, services, instances and checks matches; an empty one matches nothing.', query: z.object({ query: selectorText }), response: selectionSchema },
  'events.list': { method: 'GET', path: '/v1/events', access: 'read', summary: 'The journal, newest first.', query: z.object({ app: appName.optional(), environment: environmentName.optional(), kind: z.string().max(300).optional(), before: z.coerce.number().int().optional(), since: z.iso.datetime().optional(), until: z.iso.datetime().optional(), ...page }), response: z.array(m.eventSchema) },
  'events.stream': { method: 'GET', path: '/v1/events/stream', access: 'read', summary: 'The journal as it grows (SSE; Last-Event-ID goes on where it broke).', query: z.object({ app: appName.optional(), environment: environmentName.optional(), after: z.coerce.number().int().optional() }), response: m.eventSchema, stream: true },
  'logs.list': { method: 'GET', path: '/v1/logs', access: 'read', summary: 'Log lines, oldest first, ending at `before` or now.', query: z.object({ ...logFilter, since: z.iso.datetime().optional(), until: z.iso.datetime().optional(), before: z.string().max(60).optional(), after: z.string().max(60).optional(), ...page }), response: z.object({ lines: z.array(m.logLineSchema), /** true: the search stopped at its time budget before it had `limit` lines. */ partial: z.boolean(), /** Pass it as `before` for what is older; null when there is nothing older. */ next: z.string().nullable() }) },
  'logs.stream': { method: 'GET', path: '/v1/logs/stream', access: 'read', summary: 'Log lines as they arrive (SSE; Last-Event-ID goes on where it broke).', query: z.object({ ...logFilter, after: z.string().max(60).optional(), /** Start with this many lines of the past. */ backlog: z.coerce.number().int().min(0).max(1000).default(0) }), response: m.logLineSchema, stream: true },
  'drains.list': { method: 'GET', path: '/v1/drains', access: 'read', summary: 'Where log lines are sent on to, and how far each has got.', query: z.object({ app: appName.optional() }), response: z.array(drains.drainSchema) },
  'drains.add': { method: 'POST', path: '/v1/drains', access: 'deploy', summary: 'Send log lines of an app on, from now on: syslog, NDJSON, OTLP or Loki by the scheme of the address. Every app, or a private address, needs admin.', body: drains.newDrainSchema, response: drains.drainSchema },
  'drains.test': { method: 'POST', path: '/v1/drains/{id}/test', access: 'deploy', summary: 'Send one line to a drain now.', params: z.object({ id: z.string().max(60) }), response: drains.drainTestSchema },
  'drains.remove': { method: 'DELETE', path: '/v1/drains/{id}', access: 'deploy', summary: 'Send no more lines there.', params: z.object({ id: z.string().max(60) }), response: nothing },
  'logs.counts': { method: 'GET', path: '/v1/logs/counts', access: 'read', summary: 'Lines over time by level; the last hour, unless it is said.', query: logs.logCountsQuery, response: logs.logCountsSchema },
  'logs.context': { method: 'GET', path: '/v1/logs/context', access: 'read', summary: 'What stands before and after a line.', query: logs.logContextQuery, response: logs.logContextSchema },
  'logs.patterns': { method: 'GET', path: '/v1/logs/patterns', access: 'read', summary: 'Similar lines in groups, the largest first; with `newSince`, those that came with a release.', query: logs.logPatternsQuery, response: logs.logPatternsSchema },
  'logs.keeping': { method: 'GET', path: '/v1/apps/{app}/logs/keeping', access: 'read', summary: 'How long and how much of its logs is kept, and what is held.', params: app, response: logs.logKeepingSchema },
  'logs.keep': { method: 'PATCH', path: '/v1/apps/{app}/logs/keeping', access: 'deploy', summary: 'Keep its logs for a time and up to a size, whatever its manifest says; null: as that says.', params: app, body: logs.logKeepingBody, response: logs.logKeepingSchema },
  'traffic.read': { method: 'GET', path: '/v1/traffic', access: 'read', summary: 'Rate, errors and latency of routes and edges.', query: z.object({ app: appName.optional(), environment: environmentName.optional(), minutes: windowMinutes }), response: z.array(m.trafficSeriesSchema) },
  'metrics.query': { method: 'GET', path: '/v1/metrics/query', access: 'read', summary: 'Series of a metric over time: rates, sums and percentiles, by label.', query: metrics.metricQuerySchema, response: metrics.metricAnswerSchema },
  'metrics.list': { method: 'GET', path: '/v1/metrics', access: 'read', summary: 'Names of metrics, with their labels.', query: z.object({ app: appName.optional() }), response: z.array(metrics.metricNameSchema) },
  'metrics.values': { method: 'GET', path: '/v1/metrics/values', access: 'read', summary: 'Values of one label of a metric.', query: z.object({ metric: z.string().max(200), label: z.string().max(100) }), response: z.array(z.string()) },
  'forwards.list': { method: 'GET', path: '/v1/forwards', access: 'admin', summary: 'Where samples of metrics are sent on to, and how far each has got; for credentials that see all apps.', response: z.array(forwards.forwardSchema) },
  'forwards.add': { method: 'POST', path: '/v1/forwards', access: 'admin', summary: 'Send every sample of the metric store on, from now on, by Prometheus remote write.', body: forwards.newForwardSchema, response: forwards.forwardSchema },
  'forwards.test': { method: 'POST', path: '/v1/forwards/{id}/test', access: 'admin', summary: 'Send one sample, nightshift_forward_test, now.', params: z.object({ id: z.string().max(60) }), response: drains.drainTestSchema },
  'forwards.remove': { method: 'DELETE', path: '/v1/forwards/{id}', access: 'admin', summary: 'Send no more samples there.', params: z.object({ id: z.string().max(60) }), response: nothing },
  'dashboards.list': { method: 'GET', path: '/v1/dashboards', access: 'read', summary: 'Dashboards that people made, without their graphs.', response: z.array(dashboards.dashboardNameSchema) },
  'dashboards.read': { method: 'GET', path: '/v1/dashboards/{dashboard}', access: 'read', summary: 'One dashboard: rows of graphs.', params: z.object({ dashboard: dashboards.dashboardId }), response: dashboards.dashboardSchema },
  'dashboards.save': { method: 'PUT', path: '/v1/dashboards/{dashboard}', access: 'deploy', summary: 'Make a dashboard, or put it in place of the one with this id.', params: z.object({ dashboard: dashboards.dashboardId }), body: dashboards.dashboardSpecSchema, response: dashboards.dashboardSchema },
  'dashboards.remove': { method: 'DELETE', path: '/v1/dashboards/{dashboard}', access: 'deploy', summary: 'Remove a dashboard; what it showed stays.', params: z.object({ dashboard: dashboards.dashboardId }), response: nothing },
  'resources.read': { method: 'GET', path: '/v1/apps/{app}/resources', access: 'read', summary: 'CPU and memory of every instance.', params: app, query: z.object({ ...inEnvironment, minutes: windowMinutes }), response: z.array(m.resourceSeriesSchema) },

  // ---- apps
  'apps.list': { method: 'GET', path: '/v1/apps', access: 'read', summary: 'All apps with their health; with `query`, those it matches.', query: z.object({ query: selectorText.optional() }), response: z.array(m.appSummarySchema) },
  'apps.create': { method: 'POST', path: '/v1/apps', access: 'deploy', summary: 'Make an app (idempotent by name).', body: z.object({ name: appName, environment: environmentName.default('production') }), response: m.appSummarySchema },
  'apps.read': { method: 'GET', path: '/v1/apps/{app}', access: 'read', summary: 'One app in one environment: services, instances, rollout.', params: app, query: environment, response: m.appDetailSchema },
  'apps.destroy': { method: 'DELETE', path: '/v1/apps/{app}', access: 'admin', summary: 'Stop and forget an app; volumes are kept and listed.', params: app, query: z.object({ confirm: z.string().max(60) }), response: z.object({ keptVolumes: z.array(z.string()) }) },
  'apps.settings': { method: 'PATCH', path: '/v1/apps/{app}/settings', access: 'deploy', summary: 'Settings of an app.', params: app, query: environment, body: z.object({ allowForcePush: z.boolean().optional(), deployBranch: branchName.optional(), tags: tagList.optional() }), response: nothing },
  'apps.stop': { method: 'POST', path: '/v1/apps/{app}/stop', access: 'deploy', summary: 'Stop all services; config, releases and volumes stay.', params: app, query: environment, response: nothing },
  'apps.start': { method: 'POST', path: '/v1/apps/{app}/start', access: 'deploy', summary: 'Start a stopped app.', params: app, query: environment, response: nothing },
  'apps.restart': { method: 'POST', path: '/v1/apps/{app}/restart', access: 'deploy', summary: 'Restart instances one after the other, each only when the one before is ready.', params: app, query: environment, body: z.object({ service: serviceName.optional(), instance: instanceName.optional() }).prefault({}), response: z.object({ instances: z.array(z.string()) }) },
  'apps.scale': { method: 'POST', path: '/v1/apps/{app}/scale', access: 'deploy', summary: 'Set the number of instances; kept over deploys and shown as drift.', params: app, query: environment, body: z.object({ services: z.record(serviceName, z.number().int().min(0).max(100)) }), response: z.object({ services: z.record(z.string(), z.number()) }) },
  'apps.manifest': { method: 'GET', path: '/v1/apps/{app}/manifest', access: 'read', summary: 'The manifest in force, where it came from, and drift against it.', params: app, query: environment, response: m.manifestView },

  // ---- builds and releases
  'builds.create': { method: 'POST', path: '/v1/apps/{app}/builds', access: 'deploy', summary: 'Deploy a directory: a gzipped tar of the source.', params: app, query: z.object({ ...inEnvironment, clean: z.stringbool().default(false), commit: z.string().regex(/^[0-9a-f]{7,64}$/).optional() }), upload: 'application/gzip', response: m.buildSchema },
  'builds.image': { method: 'POST', path: '/v1/apps/{app}/images', access: 'deploy', summary: 'Deploy a ready image (docker driver).', params: app, query: environment, body: z.object({ image: z.string().regex(/^[a-z0-9][a-z0-9._\-/:@]{0,250}$/i), port: z.number().int().min(1).max(65535).optional(), command: z.array(z.string()).optional() }), response: m.buildSchema },
  'builds.list': { method: 'GET', path: '/v1/apps/{app}/builds', access: 'read', summary: 'Builds, newest first.', params: app, query: z.object({ ...inEnvironment, ...page }), response: z.array(m.buildSchema) },
  'builds.read': { method: 'GET', path: '/v1/apps/{app}/builds/{build}', access: 'read', summary: 'One build.', params: app.extend({ build: z.string().max(60) }), query: environment, response: m.buildSchema },
  'builds.cancel': { method: 'POST', path: '/v1/apps/{app}/builds/{build}/cancel', access: 'deploy', summary: 'Cancel a queued or running build.', params: app.extend({ build: z.string().max(60) }), query: environment, response: m.buildSchema },
  'builds.log': { method: 'GET', path: '/v1/apps/{app}/builds/{build}/log', access: 'read', summary: 'The output of a build from its start, then as it grows, until it has ended (SSE).', params: app.extend({ build: z.string().max(60) }), query: environment, response: z.object({ line: z.number().int(), at: z.iso.datetime(), text: z.string() }), stream: true },
  'deploys.follow': { method: 'GET', path: '/v1/apps/{app}/builds/{build}/progress', access: 'read', summary: 'Build and rollout as steps until done (SSE): built → released → started → healthy → shifted → done, or made where the app is stopped.', params: app.extend({ build: z.string().max(60) }), query: environment, response: z.object({ step: z.string(), at: z.iso.datetime(), detail: z.string(), state: z.enum(['running', 'done', 'failed']), release: z.number().int().nullable(), url: z.string().nullable() }), stream: true },
  'releases.list': { method: 'GET', path: '/v1/apps/{app}/releases', access: 'read', summary: 'Releases, newest first.', params: app, query: z.object({ ...inEnvironment, ...page }), response: z.array(m.releaseSchema) },
  'releases.rollback': { method: 'POST', path: '/v1/apps/{app}/rollback', access: 'deploy', summary: 'A new release with the artifact, config and manifest of an old one.', params: app, query: environment, body: z.object({ to: z.number().int().min(1).optional() }).prefault({}), response: queuedRelease },
  'rollouts.cancel': { method: 'POST', path: '/v1/apps/{app}/rollout/cancel', access: 'deploy', summary: 'Give up the rollout under way; the old release serves on.', params: app, query: environment, response: nothing },
  'bakes.read': { method: 'GET', path: '/v1/apps/{app}/bake', access: 'read', summary: 'The watch over the newest release after its switch; null when there was none.', params: app, query: environment, response: m.bakeSchema.nullable() },
  'bakes.accept': { method: 'POST', path: '/v1/apps/{app}/bake/accept', access: 'deploy', summary: 'End the watch over the newest release: it stays.', params: app, query: environment, response: m.bakeSchema },

  // ---- healing
  'healing.overview': { method: 'GET', path: '/v1/healing', access: 'read', summary: 'The rules of healing with modes and budgets, and whether it is stopped.', response: heal.healOverviewSchema },
  'healing.list': { method: 'GET', path: '/v1/remediations', access: 'read', summary: 'What was noticed, done and verified, newest first.', query: z.object({ app: appName.optional(), environment: environmentName.optional(), service: serviceName.optional(), open: z.stringbool().default(false), /** The id of the last one that was read. */ before: z.string().max(60).optional(), ...page }), response: z.array(heal.remediationSchema) },
  'healing.read': { method: 'GET', path: '/v1/remediations/{id}', access: 'read', summary: 'One remediation with its evidence: events, log lines, traffic before and after.', params: z.object({ id: z.string().max(60) }), response: heal.remediationDetailSchema },
  'healing.approve': { method: 'POST', path: '/v1/remediations/{id}/approve', access: 'deploy', summary: 'Do the action that is suggested.', params: z.object({ id: z.string().max(60) }), response: heal.remediationSchema },
  'healing.dismiss': { method: 'POST', path: '/v1/remediations/{id}/dismiss', access: 'deploy', summary: 'A person takes it: healing leaves this target alone until the signal is gone.', params: z.object({ id: z.string().max(60) }), response: heal.remediationSchema },
  'healing.setRule': { method: 'PATCH', path: '/v1/healing/rules/{rule}', access: 'admin', summary: 'Set the mode, the time and the budgets of a rule; null: its own again.', params: z.object({ rule: z.string().max(60) }), body: heal.ruleSettingsSchema, response: heal.healRuleSchema },
  'healing.stop': { method: 'POST', path: '/v1/healing/stop', access: 'admin', summary: 'Stop all healing by control; the reflexes of proxy and agent go on.', body: z.object({ because: z.string().min(1).max(200).default('an operator stopped it') }).prefault({}), response: heal.healOverviewSchema },
  'healing.resume': { method: 'POST', path: '/v1/healing/resume', access: 'admin', summary: 'Let healing go on.', response: heal.healOverviewSchema },
  'healing.pause': { method: 'POST', path: '/v1/healing/pauses', access: 'deploy', summary: 'Pause healing of an app, an environment or a service for a while; of everything with admin access.', body: z.object({ app: appName.nullable().default(null), environment: environmentName.nullable().default(null), service: serviceName.nullable().default(null), forMs: z.number().int().min(1000).max(31_536_000_000), because: z.string().min(1).max(200) }).refine((one) => one.app !== null || (one.environment === null && one.service === null), 'an environment and a service are of an app'), response: heal.healPauseSchema },
  'healing.unpause': { method: 'DELETE', path: '/v1/healing/pauses/{id}', access: 'deploy', summary: 'End a pause of healing before its time.', params: z.object({ id: z.string().max(60) }), response: heal.healPauseSchema },
  'alerts.list': { method: 'GET', path: '/v1/alerts', access: 'read', summary: 'What a person must know, newest first.', query: z.object({ app: appName.optional(), open: z.stringbool().default(true), ...page }), response: z.array(heal.alertSchema) },
  'rules.list': { method: 'GET', path: '/v1/rules', access: 'read', summary: 'Alert rules with the series that are pending or firing.', response: z.array(alerting.ruleSchema) },
  'rules.read': { method: 'GET', path: '/v1/rules/{rule}', access: 'read', summary: 'One alert rule.', params: z.object({ rule: alerting.ruleRef }), response: alerting.ruleSchema },
  'rules.put': { method: 'PUT', path: '/v1/rules/{rule}', access: 'deploy', summary: 'Make an alert rule, or put it in place of the one with this id.', params: z.object({ rule: alerting.ruleRef }), body: alerting.ruleSpecSchema, response: alerting.ruleSchema },
  'rules.remove': { method: 'DELETE', path: '/v1/rules/{rule}', access: 'deploy', summary: 'Remove an alert rule; its alerts are over.', params: z.object({ rule: alerting.ruleRef }), response: nothing },
  'rules.mode': { method: 'POST', path: '/v1/rules/{rule}/mode', access: 'deploy', summary: 'Switch an alert rule on or off, for a time or for good.', params: z.object({ rule: alerting.ruleRef }), body: alerting.ruleModeSchema, response: alerting.ruleSchema },
  'rules.import': { method: 'POST', path: '/v1/rule-imports', access: 'deploy', summary: 'Take over a rule file of Prometheus as far as it can be expressed; the rest is named with the reason.', body: z.object({ text: z.string().min(1).max(1_000_000), source: z.string().min(1).max(100).regex(/^[^\p{Cc}]*$/u, 'must be one line').default('a rule file of Prometheus'), save: z.boolean().default(false) }), response: alerting.ruleImportSchema },
  'rules.test': { method: 'POST', path: '/v1/rule-tests', access: 'read', summary: 'When a rule would have fired in the last hours; nothing is saved.', body: z.object({ rule: alerting.ruleSpecSchema, hours: trialHours }), response: alerting.ruleTrialSchema },
  'rules.history': { method: 'GET', path: '/v1/rules/{rule}/history', access: 'read', summary: 'The values of an alert rule in the last hours, and when it would have fired.', params: z.object({ rule: alerting.ruleRef }), query: z.object({ hours: trialHours }), response: alerting.ruleTrialSchema },
  'slos.list': { method: 'GET', path: '/v1/slos', access: 'read', summary: 'SLOs with what is left of each error budget, how fast it burns, and how long it lasts.', query: z.object({ app: appName.optional(), environment: environmentName.optional() }), response: z.array(alerting.sloSchema) },
  'slos.put': { method: 'PUT', path: '/v1/apps/{app}/slo', access: 'deploy', summary: 'Set the SLO of an app or of one of its services, over the manifest.', params: app, query: inService, body: alerting.sloSpecSchema, response: z.array(alerting.sloSchema) },
  'slos.test': { method: 'POST', path: '/v1/apps/{app}/slo-tests', access: 'read', summary: 'How fast the budget of an SLO would have burned in the last day, and when it would have alerted; nothing is saved.', params: app, query: inService, body: alerting.sloSpecSchema, response: alerting.sloTrialSchema },
  'slos.remove': { method: 'DELETE', path: '/v1/apps/{app}/slo', access: 'deploy', summary: 'Let the SLO of the manifest hold again.', params: app, query: inService, response: z.array(alerting.sloSchema) },
  'changes.list': { method: 'GET', path: '/v1/changes', access: 'read', summary: 'What changed: releases, config, secrets, scale, routes and what people did, newest first.', query: z.object({ app: appName.optional(), environment: environmentName.optional(), before: z.coerce.number().int().optional(), ...page }), response: z.array(m.eventSchema) },
  'why.app': { method: 'GET', path: '/v1/apps/{app}/why', access: 'read', summary: 'Why an app is as it is: each service in a sentence, and the one that most needs a look in full.', params: app, query: environment, response: heal.appWhySchema },
  'why.read': { method: 'GET', path: '/v1/apps/{app}/services/{service}/why', access: 'read', summary: 'Why a service is as it is: state, what is waited for, what was tried, which instances ended, what changed.', params: app.extend({ service: serviceName }), query: environment, response: heal.whySchema },

  // ---- checks
  'checks.kinds': { method: 'GET', path: '/v1/checks/kinds', access: 'read', summary: 'Kinds of checks, each with the JSON Schema of what it is asked.', response: z.array(checks.kindViewSchema) },
  'checks.list': { method: 'GET', path: '/v1/checks', access: 'read', summary: 'Checks with their states.', query: z.object({ app: appName.optional(), environment: environmentName.optional(), state: z.enum(checks.checkStates).optional() }), response: z.array(checks.checkRowSchema) },
  'checks.create': { method: 'POST', path: '/v1/checks', access: 'deploy', summary: 'Make a check.', body: checks.newCheckSchema, response: checks.checkSchema },
  'checks.test': { method: 'POST', path: '/v1/checks/test', access: 'deploy', summary: 'Run a check once without making it.', body: checks.testCheckSchema, response: checks.outcomeSchema },
  'checks.read': { method: 'GET', path: '/v1/checks/{check}', access: 'read', summary: 'One check, by id or name.', params: check, response: checks.checkDetailSchema },
  'checks.update': { method: 'PATCH', path: '/v1/checks/{check}', access: 'deploy', summary: 'Change a check; secrets that are left out stay.', params: check, body: checks.checkChangeSchema, response: checks.checkSchema },
  'checks.delete': { method: 'DELETE', path: '/v1/checks/{check}', access: 'deploy', summary: 'Remove a check and its history.', params: check, response: nothing },
  'checks.pause': { method: 'POST', path: '/v1/checks/{check}/pause', access: 'deploy', summary: 'Stop running a check, and stop alerting.', params: check, response: checks.checkSchema },
  'checks.resume': { method: 'POST', path: '/v1/checks/{check}/resume', access: 'deploy', summary: 'Run it again.', params: check, response: checks.checkSchema },
  'checks.history': { method: 'GET', path: '/v1/checks/{check}/history', access: 'read', summary: 'States, latency and what was not right.', params: check, query: z.object({ hours: z.coerce.number().int().min(1).max(720).default(24) }), response: checks.checkHistorySchema },
  'windows.list': { method: 'GET', path: '/v1/checks/windows', access: 'read', summary: 'Maintenance windows of checks.', response: z.array(checks.windowSchema) },
  'windows.create': { method: 'POST', path: '/v1/checks/windows', access: 'deploy', summary: 'Plan a maintenance window: its checks alert nobody.', body: checks.newWindowSchema, response: checks.windowSchema },
  'windows.delete': { method: 'DELETE', path: '/v1/checks/windows/{window}', access: 'deploy', summary: 'End or forget a maintenance window.', params: z.object({ window: z.string().max(60) }), response: nothing },
  'plugins.list': { method: 'GET', path: '/v1/checks/plugins', access: 'read', summary: 'Plugins that checks can run on machines.', response: z.array(checks.pluginSchema) },
  'plugins.put': { method: 'PUT', path: '/v1/checks/plugins/{plugin}', access: 'admin', summary: 'Add or replace a plugin; it is signed, and machines verify it.', params: z.object({ plugin: pluginName }), body: z.object({ /** base64 */ content: z.string().max(1_400_000).regex(/^[A-Za-z0-9+/]*={0,2}$/) }), response: checks.pluginSchema },
  'plugins.delete': { method: 'DELETE', path: '/v1/checks/plugins/{plugin}', access: 'admin', summary: 'Remove a plugin that no check uses.', params: z.object({ plugin: pluginName }), response: nothing },

  // ---- config, secrets, domains
  'config.read': { method: 'GET', path: '/v1/apps/{app}/config', access: 'read', summary: 'Config variables set by operators, and those of the manifest.', params: app, query: environment, response: z.object({ config: z.record(z.string(), z.string()), manifest: z.record(z.string(), z.record(z.string(), z.string())), secrets: z.array(z.object({ name: z.string(), setAt: z.iso.datetime() })), missingSecrets: z.array(z.string()) }) },
  'config.change': { method: 'PATCH', path: '/v1/apps/{app}/config', access: 'deploy', summary: 'Set (string) or unset (null) variables; makes a release.', params: app, query: environment, body: z.record(variableName, variableValue.nullable()), response: queuedRelease.nullable() },
  'secrets.change': { method: 'PATCH', path: '/v1/apps/{app}/secrets', access: 'deploy', summary: 'Set (string) or unset (null) secrets; makes a release. Values are never answered.', params: app, query: environment, body: z.record(variableName, variableValue.nullable()), response: queuedRelease.nullable() },
  'routes.list': { method: 'GET', path: '/v1/apps/{app}/routes', access: 'read', summary: 'Hosts and paths that lead to this app.', params: app, query: environment, response: z.array(m.routeSchema) },
  'domains.add': { method: 'POST', path: '/v1/apps/{app}/domains', access: 'deploy', summary: 'Serve a service under a domain, with its own certificate if given.', params: app, query: environment, body: z.object({ host: hostName, service: serviceName.default('web'), path: pathPrefix.default('/'), certificatePem: z.string().max(100_000).optional(), keyPem: z.string().max(100_000).optional() }), response: m.routeSchema },
  'domains.remove': { method: 'DELETE', path: '/v1/apps/{app}/domains/{host}', access: 'deploy', summary: 'Stop serving a domain.', params: app.extend({ host: hostName }), query: environment, response: nothing },

  // ---- terminals (the stream itself is the WebSocket /v1/terminals/{id}?ticket=…)
  'terminals.open': { method: 'POST', path: '/v1/apps/{app}/terminals', access: 'deploy', summary: 'Open a command in a running instance (exec) or a fresh one (run); answers the WebSocket to attach to.', params: app, query: environment, body: z.object({ instance: instanceName.optional(), service: serviceName.optional(), command: z.array(z.string().max(4000).regex(/^[^\0]*$/, 'must not hold a NUL character')).min(1).max(100), tty: z.object({ cols: z.number().int().min(1).max(1000), rows: z.number().int().min(1).max(1000) }).nullable() }), response: z.object({ id: z.string(), path: z.string() }) },
} satisfies Record<string, EndpointSpec>)

export type EndpointId = keyof typeof endpoints
export type Endpoint<K extends EndpointId> = (typeof endpoints)[K]

type InputOf<S> = S extends z.ZodType ? z.input<S> : never
type OutputOf<S> = S extends z.ZodType ? z.output<S> : never
type Part<E, Key extends string> = E extends { [K in Key]: infer S } ? S : undefined

type AllOptional<T> = Record<string, never> extends T ? true : false
type Field<Name extends string, S> = S extends z.ZodType ? (AllOptional<InputOf<S>> extends true ? { [K in Name]?: InputOf<S> } : { [K in Name]: InputOf<S> }) : unknown

/** What a caller passes. */
export type CallInput<K extends EndpointId> = Field<'params', Part<Endpoint<K>, 'params'>> &
  Field<'query', Part<Endpoint<K>, 'query'>> &
  Field<'body', Part<Endpoint<K>, 'body'>>
/** What a handler is given. */
export type HandlerInput<K extends EndpointId> = {
  params: OutputOf<Part<Endpoint<K>, 'params'>>
  query: OutputOf<Part<Endpoint<K>, 'query'>>
  body: OutputOf<Part<Endpoint<K>, 'body'>>
}
export type Answer<K extends EndpointId> = z.output<Endpoint<K>['response']>
