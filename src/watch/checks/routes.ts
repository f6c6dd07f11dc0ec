import { controlKinds, machineKinds } from '#contract/check-kinds.ts'
import { type Check, type CheckDetail, kindViews } from '#contract/checks.ts'
import type { Outcome } from '#contract/checks.ts'
import type { Caller, Handlers } from '#kernel/handlers.ts'
import { dueAfter } from './due.ts'
import { pingKey } from './heartbeat.ts'
import { type CheckRowIn, pushVantage } from './model.ts'
import * as planned from './planned.ts'
import { type WithState, checkView, findCheck, listChecks, pluginView, readChecks, readHistory, readPlugins, readWindows, withStrips } from './read.ts'
import * as service from './service.ts'
import { windowOver } from './windows.ts'

export type RouteDeps = service.CheckDeps & {
  secret: string
  apiUrl(): string
  sign(name: string, digest: string): string
  /** One run, from there. */
  test(row: CheckRowIn, from: string, signal: AbortSignal): Promise<Outcome>
  wake(): void
}

export function checkRoutes(deps: RouteDeps): Handlers {
  return { ...ofChecks(deps), ...ofWindows(deps), ...ofPlugins(deps) }
}

/** Vantage points hear of it soon. */
async function told<T>({ wake }: RouteDeps, change: Promise<T>): Promise<T> {
  const made = await change
  wake()
  return made
}

function ofChecks(deps: RouteDeps): Handlers {
  const { db } = deps
  const changed = async (change: Promise<string>, caller: Caller): Promise<Check> => checkView(await findCheck(db, await told(deps, change), caller.apps))
  return {
    'checks.kinds': async () => kindViews(machineKinds, controlKinds),
    'checks.list': async ({ query }, { caller, now }) => withStrips(db, await listChecks(db, { ...query, apps: caller.apps }), now),
    'checks.create': ({ body }, { caller, now }) => changed(service.createCheck(deps, body, { caller, now }), caller),
    'checks.test': async ({ body }, { caller, now, signal }) => {
      const row = await service.testRow(deps, body, { caller, now })
      return deps.test(row, body.from?.[0] ?? row.vantages[0] ?? 'control', signal)
    },
    'checks.read': ({ params }, { caller, now }) => detailOf(deps, params.check, caller, now),
    'checks.update': ({ params, body }, { caller, now }) => changed(service.updateCheck(deps, params.check, body, { caller, now }), caller),
    'checks.delete': async ({ params }, { caller, now }) => {
      await told(deps, service.deleteCheck(deps, params.check, { caller, now }))
      return {}
    },
    'checks.pause': ({ params }, { caller, now }) => changed(service.pauseCheck(deps, params.check, true, { caller, now }), caller),
    'checks.resume': ({ params }, { caller, now }) => changed(service.pauseCheck(deps, params.check, false, { caller, now }), caller),
    'checks.history': async ({ params, query }, { caller, now }) => readHistory(db, (await findCheck(db, params.check, caller.apps)).id, new Date(now.getTime() - query.hours * 3_600_000), now),
  }
}

function ofWindows(deps: RouteDeps): Handlers {
  const { db } = deps
  return {
    'windows.list': (_, { caller, now }) => planned.listWindows(db, { caller, now }),
    'windows.create': ({ body }, { caller, now }) => told(deps, planned.createWindow(db, body, { caller, now })),
    'windows.delete': async ({ params }, { caller, now }) => {
      await told(deps, planned.deleteWindow(db, params.window, { caller, now }))
      return {}
    },
  }
}

function ofPlugins(deps: RouteDeps): Handlers {
  const { db, sign } = deps
  return {
    'plugins.list': async () => (await readPlugins(db)).map(pluginView),
    'plugins.put': ({ params, body }, { caller, now }) => told(deps, planned.putPlugin(db, sign, { name: params.plugin, content: Buffer.from(body.content, 'base64'), caller, now })),
    'plugins.delete': async ({ params }, { caller, now }) => {
      await planned.deletePlugin(db, params.plugin, { caller, now })
      return {}
    },
  }
}

function dueAt(row: WithState): string | null {
  const seen = row.seen[pushVantage]
  const at = row.kind === 'heartbeat' && seen !== undefined ? dueAfter(row, seen.at) : Infinity
  return Number.isFinite(at) ? new Date(at).toISOString() : null
}

async function detailOf({ db, secret, apiUrl }: RouteDeps, which: string, caller: Caller, now: Date): Promise<CheckDetail> {
  const row = await findCheck(db, which, caller.apps)
  const needs = row.needs.length === 0 ? [] : (await readChecks(db, row.needs)).filter((each) => row.needs.includes(each.id))
  const window = windowOver(await readWindows(db), row, now)
  // who holds the URL can say that the job ran: it is for those who may change the check
  const mayTell = row.token !== null && caller.access !== 'read'
  return {
    ...checkView(row),
    needNames: needs.filter((each) => caller.apps === null || caller.apps.includes(each.app ?? '')).map(({ id, name, state }) => ({ id, name, state })),
    windows: window === undefined ? [] : [window.title],
    dueAt: dueAt(row),
    ping: mayTell ? { url: `${apiUrl()}/ping/${row.token}`, slugUrl: row.slug === null ? null : `${apiUrl()}/ping/${pingKey(secret, row.app)}/${row.slug}`, pushUrl: `${apiUrl()}/api/push/${row.token}` } : null,
  }
}
