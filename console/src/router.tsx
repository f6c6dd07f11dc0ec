/** The routes, in code. Search parameters are strings by name; each route keeps those it knows. */
import type { QueryClient } from '@tanstack/react-query'
import { createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router'
import { isSignedOut } from './data/api.ts'
import { queries } from './data/queries.ts'
import { NotFound } from './pages/not-found.tsx'
import { Crashed } from './pages/crashed.tsx'
import { Tonight } from './pages/tonight.tsx'
import { paths } from './paths.ts'
import { Frame } from './shell/frame.tsx'

type RouterContext = { client: QueryClient }

/** Keeps the named parameters; anything else in the address is dropped. */
function only<const K extends string>(...names: K[]) {
  return (search: Record<string, unknown>) => {
    const kept: Partial<Record<K, string>> = {}
    for (const name of names) if (typeof search[name] === 'string' && search[name] !== '') kept[name] = search[name]
    return kept
  }
}

const root = createRootRouteWithContext<RouterContext>()({ notFoundComponent: NotFound })

const login = createRoute({ getParentRoute: () => root, path: '/login', validateSearch: only('code', 'next'), component: lazyRouteComponent(() => import('./pages/login.tsx'), 'Login') })

const signedIn = createRoute({
  getParentRoute: () => root,
  id: 'signed-in',
  component: Frame,
  errorComponent: Crashed,
  async beforeLoad({ context, location }) {
    try {
      await context.client.ensureQueryData(queries.info())
    } catch (error) {
      if (isSignedOut(error)) throw redirect({ href: paths.login({ next: location.href === '/' ? undefined : location.href }) })
      throw error
    }
  },
})

const page = { getParentRoute: () => signedIn, errorComponent: Crashed, notFoundComponent: NotFound } as const
const tonight = createRoute({ ...page, path: '/', component: Tonight, loader: ({ context }) => void context.client.prefetchQuery(queries.tonight()) })
const map = createRoute({ ...page, path: '/map', validateSearch: only('select', 'q', 'near', 'open', 'at', 'as'), component: lazyRouteComponent(() => import('./pages/map.tsx'), 'MapPage') })
const apps = createRoute({ ...page, path: '/apps', validateSearch: only('where'), component: lazyRouteComponent(() => import('./pages/apps.tsx'), 'Apps') })
const deploy = createRoute({ ...page, path: '/deploy', validateSearch: only('app'), component: lazyRouteComponent(() => import('./pages/deploy.tsx'), 'Deploy') })
const logs = createRoute({ ...page, path: '/logs', validateSearch: only('q', 'level', 'app', 'env', 'service', 'instance', 'streams', 'line', 'at', 'since', 'until', 'span', 'view', 'new'), component: lazyRouteComponent(() => import('./pages/logs.tsx'), 'Logs') })
const graphs = createRoute({ ...page, path: '/graphs', validateSearch: only('board', 'app', 'env', 'by', 'range', 'from', 'to', 'compare', 'edit'), component: lazyRouteComponent(() => import('./pages/graphs.tsx'), 'Graphs') })
const healing = createRoute({ ...page, path: '/healing', validateSearch: only('app'), component: lazyRouteComponent(() => import('./pages/healing.tsx'), 'Healing') })
const remediation = createRoute({ ...page, path: '/healing/$id', component: lazyRouteComponent(() => import('./pages/remediation.tsx'), 'RemediationPage') })
const checks = createRoute({ ...page, path: '/checks', validateSearch: only('app'), component: lazyRouteComponent(() => import('./pages/checks.tsx'), 'Checks') })
const newCheck = createRoute({ ...page, path: '/checks/new', validateSearch: only('kind'), component: lazyRouteComponent(() => import('./pages/new-check.tsx'), 'NewCheckPage') })
const check = createRoute({ ...page, path: '/checks/$check', component: lazyRouteComponent(() => import('./pages/check.tsx'), 'CheckPage') })
const editCheck = createRoute({ ...page, path: '/checks/$check/edit', component: lazyRouteComponent(() => import('./pages/edit-check.tsx'), 'EditCheckPage') })
const traces = createRoute({ ...page, path: '/traces', validateSearch: only('app', 'service', 'operation', 'slower', 'since', 'errors'), component: lazyRouteComponent(() => import('./pages/traces.tsx'), 'Traces') })
const trace = createRoute({ ...page, path: '/traces/$trace', validateSearch: only('span'), component: lazyRouteComponent(() => import('./pages/trace.tsx'), 'TracePage') })
const alerts = createRoute({ ...page, path: '/alerts', component: lazyRouteComponent(() => import('./pages/alerts.tsx'), 'Alerts') })
const newRule = createRoute({ ...page, path: '/alerts/new-rule', validateSearch: only('metric', 'logs', 'fn', 'where', 'by'), component: lazyRouteComponent(() => import('./pages/rule.tsx'), 'NewRulePage') })
const rule = createRoute({ ...page, path: '/alerts/rules/$rule', component: lazyRouteComponent(() => import('./pages/rule.tsx'), 'RulePage') })
const importRules = createRoute({ ...page, path: '/alerts/import', component: lazyRouteComponent(() => import('./pages/import-rules.tsx'), 'ImportRulesPage') })
const slo = createRoute({ ...page, path: '/alerts/slo', validateSearch: only('app', 'env', 'service'), component: lazyRouteComponent(() => import('./pages/slo.tsx'), 'SloPage') })
/** Its address of before. */
const sloBefore = createRoute({
  ...page,
  path: '/alerts/promise',
  validateSearch: only('app', 'env', 'service'),
  beforeLoad: ({ search }) => {
    throw redirect({ to: '/alerts/slo', search, replace: true })
  },
})
const machines = createRoute({ ...page, path: '/machines', validateSearch: only('where'), component: lazyRouteComponent(() => import('./pages/machines.tsx'), 'Machines') })
const journal = createRoute({ ...page, path: '/journal', validateSearch: only('app', 'kind', 'event'), component: lazyRouteComponent(() => import('./pages/journal.tsx'), 'Journal') })
const settings = createRoute({ ...page, path: '/settings', component: lazyRouteComponent(() => import('./pages/settings.tsx'), 'Settings') })

const app = createRoute({ ...page, path: '/apps/$app', validateSearch: only('env'), component: lazyRouteComponent(() => import('./pages/app/app.tsx'), 'App') })
const tab = { getParentRoute: () => app, errorComponent: Crashed } as const
const appTabs = [
  createRoute({ ...tab, path: '/', validateSearch: only('env', 'why'), component: lazyRouteComponent(() => import('./pages/app/overview.tsx'), 'Overview') }),
  createRoute({ ...tab, path: '/releases', component: lazyRouteComponent(() => import('./pages/app/releases.tsx'), 'Releases') }),
  createRoute({ ...tab, path: '/logs', validateSearch: only('env', 'q', 'level', 'service', 'instance', 'streams', 'line', 'at', 'since', 'until', 'span', 'view', 'new'), component: lazyRouteComponent(() => import('./pages/app/app-logs.tsx'), 'AppLogs') }),
  createRoute({ ...tab, path: '/healing', component: lazyRouteComponent(() => import('./pages/app/healing.tsx'), 'AppHealing') }),
  createRoute({ ...tab, path: '/config', component: lazyRouteComponent(() => import('./pages/app/config.tsx'), 'Config') }),
  createRoute({ ...tab, path: '/routes', component: lazyRouteComponent(() => import('./pages/app/routes.tsx'), 'Routes') }),
  createRoute({ ...tab, path: '/settings', component: lazyRouteComponent(() => import('./pages/app/app-settings.tsx'), 'AppSettings') }),
]
const build = createRoute({ ...page, path: '/apps/$app/builds/$build', validateSearch: only('env'), component: lazyRouteComponent(() => import('./pages/build.tsx'), 'BuildPage') })
const terminal = createRoute({ ...page, path: '/apps/$app/terminal/$instance', validateSearch: only('env'), component: lazyRouteComponent(() => import('./pages/terminal.tsx'), 'TerminalPage') })
const missing = createRoute({ ...page, path: '/$', component: NotFound })
const gallery = import.meta.env.GALLERY ? [createRoute({ ...page, path: '/_gallery', component: lazyRouteComponent(() => import('./pages/gallery.tsx'), 'Gallery') })] : []

const tree = root.addChildren([login, signedIn.addChildren([tonight, map, apps, app.addChildren(appTabs), build, terminal, deploy, logs, graphs, healing, remediation, checks, newCheck, check, editCheck, traces, trace, alerts, newRule, rule, importRules, slo, sloBefore, machines, journal, settings, ...gallery, missing])])

export function createConsoleRouter(client: QueryClient) {
  return createRouter({
    routeTree: tree,
    context: { client },
    defaultPreload: false,
    defaultPendingMs: 100,
    scrollRestoration: true,
    // plain strings in the address, as `paths.ts` writes them, not JSON
    parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
    stringifySearch: (search) => {
      const query = new URLSearchParams()
      for (const [name, value] of Object.entries(search)) if (typeof value === 'string' && value !== '') query.set(name, value)
      const text = query.toString()
      return text === '' ? '' : `?${text}`
    },
  })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createConsoleRouter>
  }
}
