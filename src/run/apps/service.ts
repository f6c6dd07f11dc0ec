/** Commands on apps: validate → one transaction (rows and event). Loops do the rest. */
import { AppError } from '#base/errors.ts'
import { formatSize } from '#base/units.ts'
import type { Actor } from '#contract/model.ts'
import { systemApp } from '#contract/system-logs.ts'
import { nearest } from '#base/nearest.ts'
import { environmentSlug, isReservedVariable } from '#contract/names.ts'
import type { Database, Db } from '#kernel/db/db.ts'
import { record } from '#kernel/journal.ts'
import type { SecretBox } from '#base/secretbox.ts'
import { requestRestarts, retireAllOf } from '#run/instances/commands.ts'
import { instanceNameOf } from '#run/instances/model.ts'
import { volumesOf } from '#run/volumes/read.ts'
import { effectiveManifest } from '#run/manifest/effective.ts'
import { currentRelease } from '#run/releases/read.ts'
import { type Queued, releaseWithNewConfig } from '#run/releases/commands.ts'
import { cancelOpenRollout } from '#run/rollouts/commands.ts'
import { lockEnvironment, setScale } from './commands.ts'
import { newestConfig, newestSecrets, scalesOf } from './read-config.ts'
import { assertService, secretPlace } from './model.ts'
import * as store from './store.ts'

export type Command = { app: string; environment: string; actor: Actor; now: Date }

export type AppService = ReturnType<typeof openApps>

export function openApps({ db, box }: { db: Database; box: SecretBox }) {
  async function create({ app, environment, actor, now }: Command): Promise<void> {
    if (app === systemApp) throw new AppError('invalid', `"${app}" is Nightshift itself, whose logs stand under that name; choose another`)
    await db.transaction(async (tx) => {
      const made = await store.insertApp(tx, app, environment, now)
      const rival = made.environment ? await store.rivalOf(tx, app, environment) : undefined
      if (rival !== undefined) throw new AppError('conflict', `${environmentSlug(app, environment)}.localhost belongs to ${rival.name} of ${rival.app} already, so ${environment} of ${app} would have no address (choose another name)`)
      if (made.app) await record(tx, { at: now, kind: 'app.created', actor, app, environment, summary: `${actor.name} made the app ${app}` })
      else if (made.environment) await record(tx, { at: now, kind: 'environment.created', actor, app, environment, summary: `${actor.name} made the environment ${environment} of ${app}` })
    })
  }

  /** Sets and unsets; a release follows if anything changed and there is one to build upon. */
  async function changeConfig({ app, environment, actor, now }: Command, changes: Record<string, string | null>): Promise<Queued | null> {
    refuseReserved(Object.keys(changes))
    return db.transaction(async (tx) => {
      await lockEnvironment(tx, app, environment)
      refuseUnset(changes, Object.keys(await newestConfig(tx, app, environment)), `in ${app} (see: nightshift config -a ${app})`)
      await refuseSecrets(tx, app, environment, changes)
      const changed: string[] = []
      for (const [name, value] of Object.entries(changes)) if (await store.setConfig(tx, app, environment, name, value, now)) changed.push(name)
      if (changed.length === 0) return null
      refuseTooLarge(await newestConfig(tx, app, environment), app)
      const description = describe('config', changes, changed)
      await record(tx, { at: now, kind: 'config.changed', actor, app, environment, summary: `${actor.name}: ${description} of ${app}`, data: { names: changed } })
      return (await releaseWithNewConfig(tx, { app, environment, description, actor, now })) ?? null
    })
  }

  async function changeSecrets({ app, environment, actor, now }: Command, changes: Record<string, string | null>): Promise<Queued | null> {
    refuseReserved(Object.keys(changes))
    return db.transaction(async (tx) => {
      await lockEnvironment(tx, app, environment)
      const names = Object.keys(changes)
      if (names.length === 0) return null
      refuseUnset(changes, Object.keys(await newestSecrets(tx, app, environment)), `as a secret in ${app} (see: nightshift secrets -a ${app})`)
      for (const [name, value] of Object.entries(changes))
        await store.addSecretVersion(tx, app, environment, name, value === null ? null : box.seal(value, secretPlace(app, environment, name)), now)
      const description = describe('secret', changes, names)
      await record(tx, { at: now, kind: 'secret.changed', actor, app, environment, summary: `${actor.name}: ${description} of ${app}`, data: { names } })
      return (await releaseWithNewConfig(tx, { app, environment, description, actor, now })) ?? null
    })
  }

  async function scale({ app, environment, actor, now }: Command, services: Record<string, number>): Promise<void> {
    await db.transaction(async (tx) => {
      await lockEnvironment(tx, app, environment)
      const release = await currentRelease(tx, app, environment)
      if (!release) throw new AppError('conflict', `${app} has no release to scale yet (deploy it first: nightshift deploy)`)
      const manifest = effectiveManifest(release.manifest, environment)
      const before = await scalesOf(tx, app, environment)
      for (const [service, count] of Object.entries(services)) {
        assertService(Object.keys(manifest.services), service, app)
        if (count > 1 && Object.keys(manifest.services[service]?.volumes ?? {}).length > 0)
          throw new AppError('invalid', `${app}/${service} owns the volume ${Object.keys(manifest.services[service]?.volumes ?? {}).join(', ')}, which two instances cannot share; keep it at 1`)
        await setScale(tx, app, environment, service, count)
      }
      const text = Object.entries(services).map(([service, count]) => `${service}=${count}`).join(' ')
      await record(tx, { at: now, kind: 'scale.changed', actor, app, environment, summary: `${actor.name} scaled ${app}: ${text}`, data: { services, before: Object.fromEntries(Object.keys(services).map((service) => [service, before[service] ?? null])) } })
    })
  }

  async function setStopped({ app, environment, actor, now }: Command, stopped: boolean): Promise<void> {
    await db.transaction(async (tx) => {
      await lockEnvironment(tx, app, environment)
      if (!(await store.setStopped(tx, app, environment, stopped))) return
      await record(tx, { at: now, kind: stopped ? 'app.stopped' : 'app.started', actor, app, environment, summary: `${actor.name} ${stopped ? 'stopped' : 'started'} ${app}` })
    })
  }

  async function restart({ app, environment, actor, now }: Command, filter: { service?: string | undefined; instance?: string | undefined }): Promise<string[]> {
    const [service, ordinal] = filter.instance ? (filter.instance.split('.') as [string, string]) : [filter.service, undefined]
    return db.transaction(async (tx) => {
      await lockEnvironment(tx, app, environment)
      const rows = await requestRestarts(tx, app, environment, { service, ordinal: ordinal === undefined ? undefined : Number(ordinal) }, `${actor.name} asked for it`)
      if (rows.length === 0) {
        if (service !== undefined) assertService(await servicesOf(tx, app, environment), service, app)
        const named = filter.instance ?? (service === undefined ? '' : `of ${service}`)
        throw new AppError('not-found', `${app} has no running instance ${named}`.trim() + ` (see: nightshift ps -a ${app})`)
      }
      const names = rows.map(instanceNameOf).sort()
      await record(tx, { at: now, kind: 'app.restarted', actor, app, environment, service: service ?? null, summary: `${actor.name} asked to restart ${names.join(', ')} of ${app}`, data: { instances: names } })
      return names
    })
  }

  async function cancelRollout({ app, environment, actor, now }: Command): Promise<void> {
    await db.transaction(async (tx) => {
      await lockEnvironment(tx, app, environment)
      if (!(await cancelOpenRollout(tx, app, environment, actor, `${actor.name} cancelled it`, now))) throw new AppError('conflict', `no rollout of ${app} is under way`)
    })
  }

  /** Forgets the app with all its environments; its volumes stay, as orphans. Answers their names. */
  async function destroy({ app, actor, now }: Command, confirm: string): Promise<string[]> {
    if (confirm !== app) throw new AppError('invalid', `to destroy ${app}, confirm with its name (nightshift destroy -a ${app} --confirm ${app})`)
    return db.transaction(async (tx) => {
      if (!(await store.lockApp(tx, app))) throw new AppError('not-found', `there is no app "${app}" (see: nightshift apps)`)
      const volumes = await volumesOf(tx, app)
      await retireAllOf(tx, app, 'the app was destroyed', now)
      await store.deleteApp(tx, app)
      const kept = volumes.map((volume) => `${volume.environment}/${volume.name}`)
      await record(tx, { at: now, kind: 'app.destroyed', actor, app, summary: `${actor.name} destroyed ${app}${kept.length > 0 ? `; its volumes ${kept.join(', ')} are kept` : ''}`, data: { keptVolumes: kept } })
      return kept
    })
  }

  async function changeSettings({ app, environment, actor, now }: Command, settings: { allowForcePush?: boolean | undefined; deployBranch?: string | undefined; tags?: string[] | undefined }): Promise<void> {
    await db.transaction(async (tx) => {
      await lockEnvironment(tx, app, environment)
      await store.setSettings(tx, app, environment, settings)
      await record(tx, { at: now, kind: 'config.changed', actor, app, environment, summary: `${actor.name} changed the settings of ${app}`, data: settings })
    })
  }

  return { create, changeConfig, changeSecrets, scale, setStopped, restart, cancelRollout, destroy, changeSettings }
}

/** Every instance is told all of it, and a process takes no more: Linux gives arguments and environment 2 MB together. */
const mostConfigBytes = 512 * 1024

function refuseTooLarge(config: Record<string, string>, app: string): void {
  const bytes = Object.entries(config).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value), 0)
  if (bytes > mostConfigBytes) throw new AppError('invalid', `the variables of ${app} would be ${formatSize(bytes)} in all; ${formatSize(mostConfigBytes)} is the most (keep large data in a volume or in the source)`)
}

function refuseReserved(names: string[]): void {
  const taken = names.find(isReservedVariable)
  if (taken) throw new AppError('invalid', `${taken} is set by Nightshift for every instance and cannot be changed; choose another name`)
}

/** To take away what is not there is a slip of the fingers, and would make a release for nothing. */
function refuseUnset(changes: Record<string, string | null>, known: string[], where: string): void {
  const absent = Object.keys(changes).find((name) => changes[name] === null && !known.includes(name))
  if (absent === undefined) return
  const meant = nearest(absent, known)
  throw new AppError('not-found', `${absent} is not set ${meant === undefined ? where : where.replace('(', `(did you mean ${meant}? `)}`)
}

/** What the manifest lists as a secret would lie in the open as config, and the release would miss it all the same. */
async function refuseSecrets(tx: Db, app: string, environment: string, changes: Record<string, string | null>): Promise<void> {
  const release = await currentRelease(tx, app, environment)
  if (!release) return
  const secrets = new Set(Object.values(effectiveManifest(release.manifest, environment).services).flatMap((service) => service.secrets))
  const name = Object.keys(changes).find((each) => changes[each] !== null && secrets.has(each))
  if (name) throw new AppError('invalid', `${name} is a secret in the manifest of ${app}, and config is shown to everybody who may look (set it with: nightshift secrets set ${name} -a ${app})`)
}

async function servicesOf(tx: Db, app: string, environment: string): Promise<string[]> {
  const release = await currentRelease(tx, app, environment)
  return release ? Object.keys(effectiveManifest(release.manifest, environment).services) : []
}

function describe(what: string, changes: Record<string, string | null>, changed: string[]): string {
  const set = changed.filter((name) => changes[name] !== null)
  const unset = changed.filter((name) => changes[name] === null)
  return [set.length > 0 ? `set ${what} ${set.join(', ')}` : '', unset.length > 0 ? `unset ${what} ${unset.join(', ')}` : ''].filter(Boolean).join('; ')
}
