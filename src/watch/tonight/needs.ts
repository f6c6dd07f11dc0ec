/** What needs a person now, each with a way out. Pure. What is being healed does not. */
import type { Alert } from '#contract/healing.ts'
import type { AppDetail, Instance, JournalEvent, Machine, ServiceSummary, Tonight } from '#contract/model.ts'
import { openSince } from './marks.ts'

export type NeedsPerson = Tonight['needsPerson'][number]
/** Seen in how things are, and no alert by itself. */
type Seen = Omit<NeedsPerson, 'alert'>

/** Only what is asked here; every `AppDetail` is one. */
export type TonightApp = Pick<AppDetail, 'name' | 'environment' | 'health' | 'because' | 'deployedAt' | 'createdAt' | 'rollout'> & {
  services: (Pick<ServiceSummary, 'name' | 'health' | 'because'> & { instances: Pick<Instance, 'name' | 'kind' | 'state' | 'because' | 'restarts' | 'startedAt' | 'lastExit'>[] })[]
}

export type MissingSecrets = { app: string; environment: string; names: string[]; since: string }

export type NeedsFacts = { apps: readonly TonightApp[]; events: readonly JournalEvent[]; machines: readonly Machine[]; missingSecrets: readonly MissingSecrets[]; /** Open ones. */ alerts: readonly Alert[]; now: Date }

/** A service that has been down for so long is not helped by starting it once more. */
const downForMs = 5 * 60_000

export function whatNeedsPerson({ apps, events, machines, missingSecrets, alerts, now }: NeedsFacts): NeedsPerson[] {
  const seen: Seen[] = [
    ...machines.filter((machine) => machine.state === 'lost').map(lostMachine),
    ...missingSecrets.map(missingSecret),
    ...apps.flatMap((app) => [
      ...failedRollout(app, missingSecrets),
      ...app.services.flatMap((service) => needsOfService(app, service, events, now)),
    ]),
  ]
  return [...seen.map((one) => ({ ...one, alert: null })), ...alerts.filter((alert) => !isTold(alert, seen, machines)).map(ofAlert)]
}

/** Of a service, or a machine, that is told of already an alert is no other thing. */
function isTold({ app, environment, service, machine }: Alert, seen: readonly Seen[], machines: readonly Machine[]): boolean {
  if (app === null) return machines.some((one) => one.state === 'lost' && one.name === machine)
  return seen.some((one) => one.app === app && one.environment === environment && one.service === service)
}

function ofAlert({ id, app, environment, service, title, raisedAt, wayOut }: Alert): NeedsPerson {
  return { app: app ?? '', environment: environment ?? '', service, what: title, since: raisedAt, wayOut, alert: id }
}

function lostMachine(machine: Machine): Seen {
  const what = `the machine ${machine.name} has not been heard of; ${machine.instances} ${machine.instances === 1 ? 'instance is' : 'instances are'} meant to run there`
  return { app: '', environment: '', service: null, what, since: machine.lastSeenAt, wayOut: `start its agent again: nightshift up (on ${machine.name})` }
}

function missingSecret({ app, environment, names, since }: MissingSecrets): Seen {
  const what = `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} not set, so the release cannot start`
  return { app, environment, service: null, what, since, wayOut: `nightshift secrets set ${names[0]}${at({ name: app, environment })}` }
}

/** The newest rollout failed. (A later one that works is the newest.) */
function failedRollout(app: TonightApp, missing: readonly MissingSecrets[]): Seen[] {
  const { rollout } = app
  if (rollout?.state !== 'failed' || missing.some((one) => one.app === app.name && one.environment === app.environment)) return []
  const serves = rollout.fromRelease === null ? 'nothing serves' : `v${rollout.fromRelease} serves on`
  return [{
    app: app.name, environment: app.environment, service: null, what: `v${rollout.release} was given up: ${rollout.because}; ${serves}`,
    since: rollout.finishedAt ?? rollout.startedAt, wayOut: `see nightshift logs${at(app)}, mend it and deploy again`,
  }]
}

function needsOfService(app: TonightApp, service: TonightApp['services'][number], events: readonly JournalEvent[], now: Date): Seen[] {
  const need = (what: string, since: string, wayOut: string): Seen => ({ app: app.name, environment: app.environment, service: service.name, what, since, wayOut })
  const stuck = service.instances.filter((instance) => instance.kind === 'service' && (instance.state === 'held' || (instance.state === 'exited' && instance.lastExit?.code !== 0)))
  if (stuck.length > 0) {
    return stuck.map((instance) => {
      const state = instance.state === 'held' ? 'is held' : 'has ended and is not started again'
      return need(`${instance.name} ${state}: ${instance.because}`, instance.lastExit?.at ?? instance.startedAt ?? app.createdAt, `see nightshift logs${at(app)} -i ${instance.name}, mend it and deploy again, or nightshift rollback${at(app)}`)
    })
  }
  if (service.health !== 'down') return []
  const since = openSince(events, app.name, app.environment, service.name)
  if (since !== undefined && now.getTime() - Date.parse(since) < downForMs) return []
  return [need(`no instance of ${service.name} is ready: ${service.because}`, since ?? app.deployedAt ?? app.createdAt, `see nightshift logs${at(app)} -s ${service.name}`)]
}

function at({ name, environment }: { name: string; environment: string }): string {
  return ` -a ${name}${environment === 'production' ? '' : ` -e ${environment}`}`
}
