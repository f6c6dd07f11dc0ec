import { AppError } from '#base/errors.ts'
import type { RouteView } from '#contract/model.ts'
import type { Db } from '#kernel/db/db.ts'
import type { Handlers } from '#kernel/handlers.ts'
import { type Reach, readEnvironment, routeViews } from '#run/apps/read.ts'
import { effectiveManifest } from '#run/manifest/effective.ts'
import { currentRelease } from '#run/releases/read.ts'
import { readDomains } from './read.ts'
import type { DomainService } from './service.ts'

export function routingRoutes({ db, domains, reach }: { db: Db; domains: DomainService; reach: Reach }): Handlers {
  async function views(app: string, environment: string): Promise<RouteView[]> {
    await readEnvironment(db, app, environment)
    const release = await currentRelease(db, app, environment)
    return release ? routeViews({ app, environment, manifest: effectiveManifest(release.manifest, environment) }, await readDomains(db), reach) : []
  }
  return {
    'routes.list': ({ params, query }) => views(params.app, query.environment),
    'domains.add': async ({ params, query, body }, { caller, now }) => {
      await domains.add({ app: params.app, environment: query.environment, actor: caller.actor, now }, body)
      const view = (await views(params.app, query.environment)).find((route) => route.host === body.host && route.path === body.path)
      if (!view) throw new AppError('internal', 'the domain was stored but leads nowhere')
      return view
    },
    'domains.remove': async ({ params, query }, { caller, now }) => {
      await domains.remove({ app: params.app, environment: query.environment, actor: caller.actor, now }, params.host)
      return {}
    },
  }
}
