/** Contract endpoints of apps and their config → service. Mapping only. */
import { AppError } from '#base/errors.ts'
import type { Database } from '#kernel/db/db.ts'
import { type HandlerContext, type Handlers } from '#kernel/handlers.ts'
import { effectiveManifest } from '#run/manifest/effective.ts'
import { currentRelease } from '#run/releases/read.ts'
import type { Choose } from './model.ts'
import { readConfig, readScales } from './read-config.ts'
import { type Moment, type Reach, readApp, readApps, readEnvironment, summaryOf } from './read.ts'
import type { AppService, Command } from './service.ts'

export type AppRoutesDeps = { db: Database; apps: AppService; reach: Reach; moment: (app?: string) => Promise<Moment>; choose: Choose }

type InApp = { params: { app: string }; query: { environment: string } }

function commandOf({ params, query }: InApp, { caller, now }: HandlerContext): Command {
  return { app: params.app, environment: query.environment, actor: caller.actor, now }
}

export function appRoutes({ db, apps, reach, moment, choose }: AppRoutesDeps): Handlers {
  const current = async (app: string, environment: string) => {
    await readEnvironment(db, app, environment)
    const release = await currentRelease(db, app, environment)
    return release && { release, manifest: effectiveManifest(release.manifest, environment) }
  }
  return {
    'apps.list': async ({ query }, { caller }) => {
      const chosen = query.query === undefined ? undefined : await choose(query.query, caller.apps)
      const all = await readApps(db, reach, await moment(), { apps: caller.apps })
      return all.filter(({ name, environment }) => chosen === undefined || chosen.apps.has(`${name}/${environment}`)).map(summaryOf)
    },
    'apps.create': async ({ body }, context) => {
      if (context.caller.apps !== null && !context.caller.apps.includes(body.name)) throw new AppError('forbidden', `this token may not make the app "${body.name}"`)
      await apps.create(commandOf({ params: { app: body.name }, query: body }, context))
      return summaryOf(await readApp(db, reach, await moment(body.name), body.name, body.environment))
    },
    'apps.read': async ({ params, query }) => readApp(db, reach, await moment(params.app), params.app, query.environment),
    'apps.destroy': async ({ params, query }, context) => ({ keptVolumes: await apps.destroy(commandOf({ params, query: { environment: 'production' } }, context), query.confirm) }),
    'apps.settings': async (input, context) => (await apps.changeSettings(commandOf(input, context), input.body), {}),
    'apps.stop': async (input, context) => (await apps.setStopped(commandOf(input, context), true), {}),
    'apps.start': async (input, context) => (await apps.setStopped(commandOf(input, context), false), {}),
    'apps.restart': async (input, context) => ({ instances: await apps.restart(commandOf(input, context), input.body) }),
    'apps.scale': async (input, context) => {
      await apps.scale(commandOf(input, context), input.body.services)
      return { services: input.body.services }
    },
    'apps.manifest': async ({ params, query }) => {
      const found = await current(params.app, query.environment)
      if (!found) throw new AppError('not-found', `${params.app} has no release yet (deploy it: nightshift deploy)`)
      const scales = (await readScales(db)).filter((row) => row.app === params.app && row.environment === query.environment)
      const drift = scales.flatMap(({ service, count }) => {
        const wish = found.manifest.services[service]
        return wish && (wish.scale ?? 1) !== count ? [{ path: `services.${service}.scale`, manifest: String(wish.scale ?? 1), actual: String(count) }] : []
      })
      return { source: found.release.manifest_source, manifest: found.release.manifest, drift }
    },
    'rollouts.cancel': async (input, context) => (await apps.cancelRollout(commandOf(input, context)), {}),
    'config.read': async ({ params, query }) => {
      const found = await current(params.app, query.environment)
      const { config, secrets } = await readConfig(db, params.app, query.environment)
      const services = Object.entries(found?.manifest.services ?? {})
      const known = new Set(secrets.map((row) => row.name))
      return {
        config,
        manifest: Object.fromEntries(services.map(([name, service]) => [name, service.env])),
        secrets,
        missingSecrets: [...new Set(services.flatMap(([, service]) => service.secrets))].filter((name) => !known.has(name)).sort(),
      }
    },
    'config.change': (input, context) => apps.changeConfig(commandOf(input, context), input.body),
    'secrets.change': (input, context) => apps.changeSecrets(commandOf(input, context), input.body),
  }
}
