/** Every address of the console is made here. What is shown has an address, so filters are part of it. */

export const appTabs = ['overview', 'releases', 'logs', 'healing', 'config', 'routes', 'settings'] as const
export type AppTab = (typeof appTabs)[number]

export type LogFilter = { q?: string; level?: string; app?: string; env?: string; service?: string; instance?: string; /** Comma-separated; without it, all but requests. */ streams?: string; /** A part of the time, as ISO times; without it the tail is live. */ since?: string; until?: string; /** How much of the past the histogram shows: `1h`. */ span?: string; /** `patterns`, else lines. */ view?: string; /** Patterns that came with this release: `v12`. */ new?: string; /** A line to show with what stands around it: its cursor and its time. */ line?: string; at?: string }
export type JournalFilter = { app?: string; kind?: string; event?: string }

/** `slower` in milliseconds, `since` in hours, `errors`: yes. */
export type TraceFilter = { app?: string; service?: string; operation?: string; slower?: string; since?: string; errors?: string }

/** `q` filters, `near` leaves the neighbourhood of one thing, `open` are apps that are not folded, `at` a moment of the past. */
export type MapFilter = { select?: string | undefined; q?: string | undefined; near?: string | undefined; open?: string | undefined; at?: string | undefined; as?: string | undefined }

/** `board`: a dashboard; `by`: service or instance; `range` as `1h`, or `from` and `to`; `compare`: 1d or 7d before. */
export type GraphsFilter = { board?: string; app?: string; env?: string; by?: string; range?: string; from?: string; to?: string; compare?: string; edit?: string }

export type HealingFilter = { app?: string }

/** What a new rule looks at, as a graph asks for it: without `by`, all series are one. Of lines of logs, the search that finds them. */
export type NewRuleFilter = { metric?: string; logs?: string; fn?: string; where?: string; by?: string }

export type SloFilter = { app?: string; env?: string; service?: string }

type Search = Record<string, string | undefined>

function withSearch(path: string, search: Search): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(search)) if (value !== undefined && value !== '') query.set(name, value)
  const text = query.toString()
  return text === '' ? path : `${path}?${text}`
}

/** Production is what is meant when nothing is said. */
const environment = (env: string | undefined) => (env === 'production' ? undefined : env)
const segment = encodeURIComponent

export const paths = {
  tonight: () => '/',
  map: (search: MapFilter = {}) => withSearch('/map', search),
  apps: (search: { where?: string } = {}) => withSearch('/apps', search),
  app: (app: string, env?: string, tab: AppTab = 'overview') => withSearch(`/apps/${segment(app)}${tab === 'overview' ? '' : `/${tab}`}`, { env: environment(env) }),
  appLogs: (app: string, env: string | undefined, filter: Omit<LogFilter, 'app' | 'env'>) => withSearch(`/apps/${segment(app)}/logs`, { env: environment(env), ...filter }),
  /** The app's page with the answer to "why?" of one service open. */
  why: (app: string, service: string, env?: string) => withSearch(`/apps/${segment(app)}`, { env: environment(env), why: service }),
  build: (app: string, build: string, env?: string) => withSearch(`/apps/${segment(app)}/builds/${segment(build)}`, { env: environment(env) }),
  terminal: (app: string, instance: string, env?: string) => withSearch(`/apps/${segment(app)}/terminal/${segment(instance)}`, { env: environment(env) }),
  deploy: (search: { app?: string } = {}) => withSearch('/deploy', search),
  logs: (filter: LogFilter = {}) => withSearch('/logs', filter),
  graphs: (filter: GraphsFilter = {}) => withSearch('/graphs', filter),
  traces: (filter: TraceFilter = {}) => withSearch('/traces', filter),
  trace: (id: string, span?: string) => withSearch(`/traces/${segment(id)}`, { span }),
  healing: (filter: HealingFilter = {}) => withSearch('/healing', filter),
  remediation: (id: string) => `/healing/${segment(id)}`,
  checks: (search: { app?: string } = {}) => withSearch('/checks', search),
  check: (check: string) => `/checks/${segment(check)}`,
  newCheck: () => '/checks/new',
  editCheck: (check: string) => `/checks/${segment(check)}/edit`,
  alerts: () => '/alerts',
  rule: (rule: string) => `/alerts/rules/${segment(rule)}`,
  newRule: (search: NewRuleFilter = {}) => withSearch('/alerts/new-rule', search),
  importRules: () => '/alerts/import',
  slo: ({ app, environment: env, service }: { app?: string; environment?: string; service?: string | null } = {}) => withSearch('/alerts/slo', { app, env: environment(env), service: service ?? undefined }),
  machines: (search: { where?: string } = {}) => withSearch('/machines', search),
  journal: (filter: JournalFilter = {}) => withSearch('/journal', filter),
  settings: () => '/settings',
  login: (search: { next?: string } = {}) => withSearch('/login', search),
  gallery: () => '/_gallery',
} as const
