/** Every question the console asks, with its cache key. The first word of a key is what `live.ts` refreshes by. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { isAppError } from '#base/errors.ts'
import type { RuleSpec, SloSpec } from '#contract/alerting.ts'
import type { Build } from '#contract/model.ts'
import type { Compare, Range } from '../lib/graph-range.ts'
import type { Question } from '../lib/graphs.ts'
import type { TraceFilter } from '../paths.ts'
import { api } from './api.ts'

const seconds = 1000
const remediationsPage = 24
const changesPage = 20

export type AppRef = { app: string; env: string }
/** Of an app as a whole, or of one of its services. */
export type SloPlace = AppRef & { service: string | undefined }
export const inPlace = ({ app, env, service }: SloPlace) => ({ params: { app }, query: { environment: env, ...(service === undefined ? {} : { service }) } })
/** A query that is written wrongly is not asked again. */
const unlessRefused = (count: number, error: Error) => count < 2 && !isAppError(error, 'invalid')
const where = ({ app, env }: AppRef) => ({ params: { app }, query: { environment: env } })

export const queries = {
  info: () => queryOptions({ queryKey: ['info'], queryFn: ({ signal }) => api.call('system.info', {}, signal), staleTime: 300 * seconds }),
  tonight: () => queryOptions({ queryKey: ['tonight'], queryFn: ({ signal }) => api.call('tonight.read', {}, signal), refetchInterval: 15 * seconds }),
  map: (at?: string) => queryOptions({ queryKey: ['map', at], queryFn: ({ signal }) => api.call('map.read', { query: at === undefined ? {} : { at } }, signal), placeholderData: keepPreviousData, ...(at === undefined ? { refetchInterval: 5 * seconds } : { staleTime: 60 * seconds }) }),
  traces: ({ app, service, operation, slower, since, errors }: TraceFilter) =>
    queryOptions({
      queryKey: ['traces', app, service, operation, slower, since, errors],
      queryFn: ({ signal }) => api.call('traces.list', { query: { app, service, operation, ...(slower === undefined ? {} : { minMs: Number(slower) }), ...(errors === 'yes' ? { errors: 'true' } : {}), since: new Date(Date.now() - Number(since ?? 1) * 3600 * seconds).toISOString() } }, signal),
      refetchInterval: 10 * seconds,
      placeholderData: keepPreviousData,
    }),
  trace: (id: string) => queryOptions({ queryKey: ['traces', 'one', id], queryFn: ({ signal }) => api.call('traces.read', { params: { trace: id } }, signal) }),
  search: (q: string) => queryOptions({ queryKey: ['search', q], queryFn: ({ signal }) => api.call('search.read', { query: { q } }, signal), staleTime: 10 * seconds }),
  machines: (query?: string) => queryOptions({ queryKey: ['machines', query], queryFn: ({ signal }) => api.call('machines.list', { query: { query } }, signal), refetchInterval: 10 * seconds, placeholderData: keepPreviousData, retry: unlessRefused }),
  apps: (query?: string) => queryOptions({ queryKey: ['apps', query], queryFn: ({ signal }) => api.call('apps.list', { query: { query } }, signal), refetchInterval: 15 * seconds, placeholderData: query === undefined ? undefined : keepPreviousData, retry: unlessRefused }),
  app: (ref: AppRef) => queryOptions({ queryKey: ['app', ref.app, ref.env], queryFn: ({ signal }) => api.call('apps.read', where(ref), signal), refetchInterval: 10 * seconds }),
  bake: (ref: AppRef) => queryOptions({ queryKey: ['bake', ref.app, ref.env], queryFn: ({ signal }) => api.call('bakes.read', where(ref), signal), refetchInterval: 15 * seconds }),
  manifest: (ref: AppRef) => queryOptions({ queryKey: ['manifest', ref.app, ref.env], queryFn: ({ signal }) => api.call('apps.manifest', where(ref), signal) }),
  traffic: (ref: AppRef, minutes: number) =>
    queryOptions({ queryKey: ['traffic', ref.app, ref.env, minutes], queryFn: ({ signal }) => api.call('traffic.read', { query: { app: ref.app, environment: ref.env, minutes } }, signal), refetchInterval: 15 * seconds }),
  resources: (ref: AppRef, minutes: number) =>
    queryOptions({ queryKey: ['resources', ref.app, ref.env, minutes], queryFn: ({ signal }) => api.call('resources.read', { params: { app: ref.app }, query: { environment: ref.env, minutes } }, signal), refetchInterval: 15 * seconds }),
  releases: (ref: AppRef) => queryOptions({ queryKey: ['releases', ref.app, ref.env], queryFn: ({ signal }) => api.call('releases.list', { params: { app: ref.app }, query: { environment: ref.env, limit: 100 } }, signal) }),
  builds: (ref: AppRef, limit = 30) => queryOptions({ queryKey: ['builds', ref.app, ref.env, limit], queryFn: ({ signal }) => api.call('builds.list', { params: { app: ref.app }, query: { environment: ref.env, limit } }, signal) }),
  build: (ref: AppRef, build: string) =>
    queryOptions({ queryKey: ['builds', ref.app, ref.env, 'one', build], queryFn: ({ signal }) => api.call('builds.read', { params: { app: ref.app, build }, query: { environment: ref.env } }, signal), refetchInterval: (query) => (isOpen(query.state.data) ? 2 * seconds : false) }),
  config: (ref: AppRef) => queryOptions({ queryKey: ['config', ref.app, ref.env], queryFn: ({ signal }) => api.call('config.read', where(ref), signal) }),
  routes: (ref: AppRef) => queryOptions({ queryKey: ['routes', ref.app, ref.env], queryFn: ({ signal }) => api.call('routes.list', where(ref), signal) }),
  recentLines: (ref: AppRef, limit: number) =>
    queryOptions({ queryKey: ['lines', ref.app, ref.env, limit], queryFn: ({ signal }) => api.call('logs.list', { query: { app: ref.app, environment: ref.env, limit } }, signal), refetchInterval: 4 * seconds }),
  loops: () => queryOptions({ queryKey: ['loops'], queryFn: ({ signal }) => api.call('loops.list', {}, signal), refetchInterval: 10 * seconds }),
  healing: () => queryOptions({ queryKey: ['healing'], queryFn: ({ signal }) => api.call('healing.overview', {}, signal), refetchInterval: 15 * seconds }),
  openRemediations: () => queryOptions({ queryKey: ['remediations', 'open'], queryFn: ({ signal }) => api.call('healing.list', { query: { open: 'true' } }, signal), refetchInterval: 15 * seconds }),
  remediations: (of: Partial<AppRef>) =>
    infiniteQueryOptions({
      queryKey: ['remediations', 'all', of.app, of.env],
      initialPageParam: undefined as string | undefined,
      queryFn: ({ pageParam, signal }) => api.call('healing.list', { query: { limit: remediationsPage, ...(of.app === undefined ? {} : { app: of.app }), ...(of.env === undefined ? {} : { environment: of.env }), ...(pageParam === undefined ? {} : { before: pageParam }) } }, signal),
      getNextPageParam: (last) => (last.length < remediationsPage ? undefined : last.at(-1)?.id),
    }),
  remediation: (id: string) => queryOptions({ queryKey: ['remediations', 'one', id], queryFn: ({ signal }) => api.call('healing.read', { params: { id } }, signal), refetchInterval: (query) => (query.state.data?.endedAt === null ? 10 * seconds : false) }),
  rules: () => queryOptions({ queryKey: ['rules'], queryFn: ({ signal }) => api.call('rules.list', {}, signal), refetchInterval: 30 * seconds }),
  ruleHistory: (rule: string, hours: number) => queryOptions({ queryKey: ['rules', rule, hours], queryFn: ({ signal }) => api.call('rules.history', { params: { rule }, query: { hours } }, signal), refetchInterval: 60 * seconds }),
  /** Null is not asked of. */
  ruleTrial: (rule: RuleSpec | null, hours: number) => queryOptions({ queryKey: ['rule-trial', rule, hours], queryFn: ({ signal }) => api.call('rules.test', { body: { rule: rule as RuleSpec, hours } }, signal), staleTime: 60 * seconds, placeholderData: keepPreviousData, retry: unlessRefused }),
  sloTrial: (place: SloPlace, slo: SloSpec | null) => queryOptions({ queryKey: ['slo-trial', place, slo], queryFn: ({ signal }) => api.call('slos.test', { ...inPlace(place), body: slo as SloSpec }, signal), staleTime: 60 * seconds, placeholderData: keepPreviousData, retry: unlessRefused }),
  slos: (of?: AppRef) => queryOptions({ queryKey: ['slos', of?.app, of?.env], queryFn: ({ signal }) => api.call('slos.list', { query: of === undefined ? {} : { app: of.app, environment: of.env } }, signal), refetchInterval: 60 * seconds }),
  alerts: () => queryOptions({ queryKey: ['alerts'], queryFn: ({ signal }) => api.call('alerts.list', { query: { open: 'true' } }, signal), refetchInterval: 15 * seconds }),
  changes: (ref: AppRef) =>
    infiniteQueryOptions({
      queryKey: ['changes', ref.app, ref.env],
      initialPageParam: undefined as number | undefined,
      queryFn: ({ pageParam, signal }) => api.call('changes.list', { query: { app: ref.app, environment: ref.env, limit: changesPage, ...(pageParam === undefined ? {} : { before: pageParam }) } }, signal),
      getNextPageParam: (last) => (last.length < changesPage ? undefined : last.at(-1)?.id),
    }),
  why: (ref: AppRef, service: string) => queryOptions({ queryKey: ['why', ref.app, ref.env, service], queryFn: ({ signal }) => api.call('why.read', { params: { app: ref.app, service }, query: { environment: ref.env } }, signal), refetchInterval: 10 * seconds }),
  drains: (app: string) => queryOptions({ queryKey: ['drains', app], queryFn: ({ signal }) => api.call('drains.list', { query: { app } }, signal), refetchInterval: 10 * seconds }),
  forwards: () => queryOptions({ queryKey: ['forwards'], queryFn: ({ signal }) => api.call('forwards.list', {}, signal), refetchInterval: 10 * seconds }),
  checks: () => queryOptions({ queryKey: ['checks'], queryFn: ({ signal }) => api.call('checks.list', {}, signal), refetchInterval: 10 * seconds }),
  checkKinds: () => queryOptions({ queryKey: ['check-kinds'], queryFn: ({ signal }) => api.call('checks.kinds', {}, signal), staleTime: 3600 * seconds }),
  check: (check: string) => queryOptions({ queryKey: ['check', check], queryFn: ({ signal }) => api.call('checks.read', { params: { check } }, signal), refetchInterval: 5 * seconds }),
  checkHistory: (check: string, hours: number) => queryOptions({ queryKey: ['check', check, 'history', hours], queryFn: ({ signal }) => api.call('checks.history', { params: { check }, query: { hours } }, signal), refetchInterval: 30 * seconds, placeholderData: keepPreviousData }),
  windows: () => queryOptions({ queryKey: ['windows'], queryFn: ({ signal }) => api.call('windows.list', {}, signal), refetchInterval: 30 * seconds }),
  metricNames: () => queryOptions({ queryKey: ['metric-names'], queryFn: ({ signal }) => api.call('metrics.list', { query: {} }, signal), staleTime: 30 * seconds, refetchInterval: 60 * seconds }),
  metricValues: (metric: string, label: string) => queryOptions({ queryKey: ['metric-values', metric, label], queryFn: ({ signal }) => api.call('metrics.values', { query: { metric, label } }, signal), staleTime: 30 * seconds }),
  metric: (asked: Question, { minutes, until, stepMs }: Range, offset?: Compare) =>
    queryOptions({
      queryKey: ['metrics', asked, minutes, until, offset],
      queryFn: ({ signal }) => {
        const end = until ?? Date.now()
        const span = { since: new Date(end - minutes * 60 * seconds).toISOString(), until: new Date(end).toISOString(), step: `${stepMs / seconds}s` }
        return api.call('metrics.query', { query: { ...asked, ...span, ...(offset === undefined ? {} : { offset }) } }, signal)
      },
      staleTime: until === undefined ? stepMs / 2 : Infinity,
      structuralSharing: false, // each answer is of another time: comparing every point finds nothing in common
      refetchInterval: until === undefined ? stepMs : false,
    }),
  marks: (kinds: string, app: string | undefined, env: string | undefined, { minutes, until }: Range) =>
    queryOptions({
      queryKey: ['marks', app, env, minutes, until],
      queryFn: ({ signal }) => {
        const end = until ?? Date.now()
        return api.call('events.list', { query: { kind: kinds, since: new Date(end - minutes * 60 * seconds).toISOString(), ...(until === undefined ? {} : { until: new Date(until).toISOString() }), ...(app === undefined ? {} : { app }), ...(env === undefined ? {} : { environment: env }), limit: 300 } }, signal)
      },
      refetchInterval: until === undefined ? 15 * seconds : false,
      placeholderData: keepPreviousData,
    }),
  dashboards: () => queryOptions({ queryKey: ['dashboards'], queryFn: ({ signal }) => api.call('dashboards.list', {}, signal) }),
  /** As it was saved at `changedAt`, which the list knows: one that is removed is not asked for again. */
  dashboard: (dashboard: string, changedAt: string | undefined) =>
    queryOptions({ queryKey: ['dashboard', dashboard, changedAt], queryFn: ({ signal }) => api.call('dashboards.read', { params: { dashboard } }, signal), enabled: changedAt !== undefined, placeholderData: (before) => (before?.id === dashboard ? before : undefined), staleTime: Infinity }),
  tokens: () => queryOptions({ queryKey: ['tokens'], queryFn: ({ signal }) => api.call('tokens.list', {}, signal) }),
} as const

export const isOpen = (build: Build | undefined) => build?.state === 'queued' || build?.state === 'running'
