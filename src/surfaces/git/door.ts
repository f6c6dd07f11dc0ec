/** The git surface on control's HTTP server: binds the handler to accounts, apps, builds and the journal. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Clock, systemClock } from '#base/clock.ts'
import type { Actor } from '#contract/model.ts'
import type { Bell } from '#kernel/bell.ts'
import type { Database } from '#kernel/db/db.ts'
import { allows } from '#kernel/handlers.ts'
import { record } from '#kernel/journal.ts'
import type { Logger } from '#kernel/log.ts'
import type { AccessService } from '#people/access/service.ts'
import { environmentSince, readEnvironment } from '#run/apps/read.ts'
import type { AppService } from '#run/apps/service.ts'
import type { Builds } from '#run/builds/model.ts'
import { readBake } from '#heal/bake/read.ts'
import { followDeploy } from '#run/releases/progress.ts'
import { bearerOf } from '#surfaces/api/credentials.ts'
import { createGitHandler } from './handler.ts'
import { watchedWords } from './watched.ts'

export type GitDoorDeps = {
  db: Database
  home: string
  access: Pick<AccessService, 'callerOfToken'>
  builds: Builds
  apps: Pick<AppService, 'create'>
  changed: Bell
  log: Logger
  urlOf(app: string, environment: string): Promise<string | null>
  clock?: Clock
}

export function openGitDoor({ db, home, access, builds, apps, changed, log, urlOf, clock = systemClock }: GitDoorDeps) {
  const closing = new AbortController()
  const handler = createGitHandler({
    home, log, builds,
    signal: closing.signal,
    async authorize(request, app) {
      const token = tokenOf(request)
      const caller = token === undefined ? undefined : await access.callerOfToken(token, clock.now())
      if (caller === undefined || !allows(caller, 'deploy')) return null
      return caller.apps === null || caller.apps.includes(app) ? caller.actor : null
    },
    appSince: ({ app, environment }) => environmentSince(db, app, environment),
    ensureApp: ({ app, environment }, actor) => apps.create({ app, environment, actor, now: clock.now() }),
    async getSettings({ app, environment }) {
      const row = await readEnvironment(db, app, environment)
      return { deployBranch: row.deploy_branch, allowForcePush: row.allow_force_push }
    },
    async *followRollout(name, buildId, signal) {
      for await (const step of followDeploy({ db, builds, changed, urlOf }, name, buildId, signal)) {
        const watched = step.state === 'done' ? watchedWords(await readBake(db, name.app, name.environment, clock.now()), step.release, clock.now()) : null
        yield watched === null ? step : { ...step, detail: `${step.detail}; ${watched}` }
      }
    },
    async onPush({ app, environment }, actor: Actor, { ref, commit, accepted, because }) {
      const branch = ref.replace(/^refs\/(heads|tags)\//, '')
      await db.transaction((tx) =>
        record(tx, {
          at: clock.now(), kind: accepted ? 'git.pushed' : 'git.refused', actor, app, environment,
          summary: accepted ? `${actor.name} pushed ${commit.slice(0, 9)} to ${branch} of ${app}` : `a push of ${actor.name} to ${branch} of ${app} was refused: ${because}`,
          data: { ref, commit, because },
        }),
      )
    },
  })
  return {
    open: () => handler.open(),
    door(request: IncomingMessage, response: ServerResponse): boolean {
      if (!(request.url ?? '').startsWith('/git/')) return false
      void handler.handle(request, response)
      return true
    },
    async close() {
      closing.abort(new Error('control is closing'))
      await handler.close()
    },
  }
}

/** The password of Basic (any user name), or a bearer token. */
function tokenOf(request: IncomingMessage): string | undefined {
  const bearer = bearerOf(request)
  if (bearer !== undefined) return bearer
  const [scheme = '', value = ''] = (request.headers.authorization ?? '').split(' ', 2)
  if (scheme.toLowerCase() !== 'basic') return undefined
  const text = Buffer.from(value, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon === -1 || colon === text.length - 1 ? undefined : text.slice(colon + 1)
}
