/**
 * Smart HTTP for git as a plain node:http handler: path → credential → repository → `git http-backend`.
 * It knows no database; what it needs of control it is given.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { isAppError } from '#base/errors.ts'
import type { Actor } from '#contract/model.ts'
import { appName, environmentName } from '#contract/names.ts'
import type { Logger } from '#kernel/log.ts'
import { problemOf } from '#surfaces/api/problem.ts'
import { runBackend } from './backend.ts'
import { openHookServer } from './hook-server.ts'
import { type KeptBuild, forgetBuild, keptBuilds, moveBranch, removeIncoming } from './kept.ts'
import { type PushDeps, pushListener } from './pushes.ts'
import { type RepoName, ensureRepo, isRepoOf, removeRepo, repoExists, repoPath } from './repos.ts'
import { isExpected, toldOf } from './told.ts'

export type GitDeps = PushDeps & {
  home: string
  log: Logger
  /** The one who calls: may deploy, and sees this app; or null. */
  authorize(request: IncomingMessage, app: string): Promise<Actor | null>
  /** When the environment was made, which tells it from one of the same name before it; null: there is none. */
  appSince(name: RepoName): Promise<Date | null>
  /** Idempotent. */
  ensureApp(name: RepoName, actor: Actor): Promise<void>
  /** Of a pushed pack; default 512 MB. */
  maxPackBytes?: number
}

/** `open`: before the first request; what an earlier control left half-done is finished. */
export type GitHandler = { open(): Promise<void>; handle(request: IncomingMessage, response: ServerResponse): Promise<void>; close(): Promise<void> }

const hooks = join(import.meta.dirname, 'hooks')
const services = ['git-upload-pack', 'git-receive-pack'] as const
type Service = (typeof services)[number]

type Asked = { name: RepoName; service: Service; /** `info/refs` or the service itself */ endpoint: string; query: string }

/** What a URL asks for; null for everything that is not exactly smart HTTP on a well-named repository. */
export function parseGitUrl(method: string, url: string): Asked | null {
  const [path = '', query = ''] = url.split('?', 2)
  const match = /^\/git\/([a-z0-9-]+)(?:@([a-z0-9-]+))?\.git\/(info\/refs|git-upload-pack|git-receive-pack)$/.exec(path)
  if (match === null) return null
  const app = appName.safeParse(match[1])
  const environment = environmentName.safeParse(match[2] ?? 'production')
  if (!app.success || !environment.success) return null
  const name = { app: app.data, environment: environment.data }
  const endpoint = match[3] as string
  if (endpoint === 'info/refs') {
    const service = /^service=(git-upload-pack|git-receive-pack)$/.exec(query)?.[1]
    return method === 'GET' && service !== undefined ? { name, service: service as Service, endpoint, query } : null
  }
  return method === 'POST' && query === '' ? { name, service: endpoint as Service, endpoint, query: '' } : null
}

export function createGitHandler(deps: GitDeps): GitHandler {
  const hookServer = openHookServer(deps.home, deps.log)
  const locks = new Map<string, Promise<void>>()

  /** Resolves when the repository is ours alone, with what gives it back. */
  async function lock(path: string): Promise<() => void> {
    const before = locks.get(path) ?? Promise.resolve()
    let unlock = () => {}
    const mine = before.then(() => new Promise<void>((resolve) => (unlock = resolve)))
    locks.set(path, mine)
    await before
    await Promise.resolve() // `unlock` is set by then
    return () => {
      unlock()
      if (locks.get(path) === mine) locks.delete(path)
    }
  }

  /** The repository of the app as it is now: one that an app of the same name left behind is not shown to its successor. */
  async function prepare(name: RepoName, service: Service, actor: Actor): Promise<boolean> {
    if (service === 'git-upload-pack' && (await deps.appSince(name)) === null) return false
    const free = await lock(repoPath(deps.home, name))
    try {
      if ((await deps.appSince(name)) === null) await deps.ensureApp(name, actor)
      const since = await deps.appSince(name)
      if (since === null) return false // destroyed this moment
      if (!(await isRepoOf(deps.home, name, since))) await removeRepo(deps.home, name)
      if (service === 'git-receive-pack' || (await repoExists(deps.home, name))) {
        await ensureRepo(deps.home, name, since, (await deps.getSettings(name)).deployBranch)
        return true
      }
      return false
    } finally {
      free()
    }
  }

  async function isCurrent(name: RepoName): Promise<boolean> {
    const since = await deps.appSince(name)
    return since !== null && (await repoExists(deps.home, name)) && (await isRepoOf(deps.home, name, since))
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = parseGitUrl(request.method ?? '', request.url ?? '')
    const actor = await deps.authorize(request, asked?.name.app ?? '')
    if (actor === null) return refuse(response, 401, 'sign in with an API token that may deploy as the password (any user name)', { 'www-authenticate': 'Basic realm="Nightshift", charset="UTF-8"' })
    if (asked === null) return refuse(response, 404, 'there is no repository at this address (it is /git/<app>.git or /git/<app>@<environment>.git)')
    // Between the two requests of a push the lock may be held by another push for long: only the first needs to prepare.
    if (asked.endpoint === 'info/refs' ? !(await prepare(asked.name, asked.service, actor)) : !(await isCurrent(asked.name)))
      return refuse(response, 404, `nothing was pushed to ${asked.name.app} (${asked.name.environment}) yet`)
    const path = repoPath(deps.home, asked.name)
    const push = pushListener(deps, { name: asked.name, path, actor, lock: () => lock(path) })
    const { secret, end } = hookServer.begin(push.listener)
    try {
      await runBackend(
        {
          projectRoot: join(deps.home, 'git'),
          pathInfo: `/${asked.name.app}/${asked.name.environment}.git/${asked.endpoint}`,
          query: asked.query,
          user: 'nightshift',
          config: {
            'core.hooksPath': hooks,
            'http.receivepack': 'true',
            'receive.fsckObjects': 'true',
            'receive.denyDeletes': 'true',
            'receive.maxInputSize': String(deps.maxPackBytes ?? 512 * 1024 ** 2),
            'receive.advertisePushOptions': 'false',
            'transfer.hideRefs': 'refs/nightshift',
            'uploadpack.allowFilter': 'true',
          },
          env: { NIGHTSHIFT_HOOK_NODE: process.execPath, NIGHTSHIFT_HOOK_SCRIPT: join(hooks, 'ask-control.js'), NIGHTSHIFT_HOOK_SOCKET: await hookServer.socketPath(), NIGHTSHIFT_HOOK_SECRET: secret },
        },
        request,
        response,
      )
    } finally {
      end()
      push.end()
    }
  }

  /** A build whose push was lost with its control: the branch follows it. */
  async function settle(kept: KeptBuild): Promise<void> {
    const build = await deps.builds.finished(kept.name, kept.build, deps.signal)
    const free = await lock(kept.path)
    try {
      const { deployBranch } = await deps.getSettings(kept.name)
      if (build.state === 'succeeded' && (await moveBranch(kept, deployBranch))) deps.log.info({ ...kept.name, build: kept.build, commit: kept.commit }, 'the branch follows the build of a push that control did not live to accept')
      await forgetBuild(kept.path, kept.build)
    } finally {
      free()
    }
  }

  return {
    async open() {
      const removed = await removeIncoming(deps.home)
      if (removed.length > 0) deps.log.info({ removed }, 'what was left of pushes that were cut off was removed')
      for (const kept of await keptBuilds(deps.home)) {
        void settle(kept).catch(async (error: unknown) => {
          if (deps.signal.aborted) return
          if (isAppError(error, 'not-found')) return forgetBuild(kept.path, kept.build).catch(() => {}) // it was never queued, or its app is gone
          deps.log.warn({ err: error, ...kept.name, build: kept.build }, 'a push that was cut off could not be settled; it is tried again at the next start')
        })
      }
    },
    async handle(request, response) {
      try {
        await handle(request, response)
      } catch (error) {
        if (!isExpected(error)) deps.log.error({ err: error, url: request.url }, 'a git request failed')
        if (response.headersSent) response.destroy()
        else refuse(response, problemOf(error).problem.status, toldOf(error))
      }
    },
    close: () => hookServer.close(),
  }
}

/** Plain text: git shows it to the pusher as `remote: …`. */
function refuse(response: ServerResponse, status: number, text: string, headers: Record<string, string> = {}): void {
  response.writeHead(status, { ...headers, 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', connection: 'close' })
  response.end(`${text}\n`)
}
