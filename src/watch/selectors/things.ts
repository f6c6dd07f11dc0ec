/** What exists, as queries see it. Pure. */
import type { AppDetail, Instance, Machine } from '#contract/model.ts'
import type { Thing } from './match.ts'

/** Of a check: `service` null for one of a whole app, `app` null for one of none. */
export type CheckFacts = { id: string; name: string; kind: string; app: string | null; environment: string | null; service: string | null; machine: string | null; state: string }
export type World = { machines: readonly Machine[]; apps: readonly AppDetail[]; checks: readonly CheckFacts[] }
/** `of`: the thing itself, to be told of when it matches. */
export type Seen<T> = { thing: Thing; of: T }
export type InstanceOf = { app: AppDetail; instance: Instance }

const unique = (values: readonly string[]) => [...new Set(values)]
const place = (app: string, environment: string) => (environment === 'production' ? app : `${app}/${environment}`)
const releaseNames = (numbers: readonly number[]) => unique(numbers.flatMap((number) => [String(number), `v${number}`]))

type Facts = { tagsOf: (machines: readonly string[]) => readonly string[]; driversOf: (machines: readonly string[]) => readonly string[] }
function machineFacts({ machines }: World): Facts {
  const byName = new Map(machines.map((machine) => [machine.name, machine]))
  const known = (names: readonly string[]) => names.flatMap((name) => byName.get(name) ?? [])
  return { tagsOf: (names) => known(names).flatMap(({ tags }) => tags), driversOf: (names) => unique(known(names).map(({ driver }) => driver)) }
}

const instancesOf = (app: AppDetail) => app.services.flatMap((service) => service.instances)

/** What several instances have together; `tags` are those of the app and of the machines they are on. */
function shared(app: AppDetail, instances: readonly Instance[], { tagsOf, driversOf }: Facts) {
  const machines = unique(instances.map(({ machine }) => machine))
  return {
    app: [app.name], env: [app.environment], instance: instances.map(({ name }) => name), machine: machines,
    release: releaseNames(instances.map(({ release }) => release)), tag: unique([...app.settings.tags, ...tagsOf(machines)]), driver: driversOf(machines),
  }
}

export function appThings(world: World): Seen<AppDetail>[] {
  const facts = machineFacts(world)
  return world.apps.map((app) => ({
    of: app,
    thing: { kind: 'app', names: unique([app.name, place(app.name, app.environment)]), fields: { ...shared(app, instancesOf(app), facts), service: app.services.map(({ name }) => name), state: [app.health] } },
  }))
}

export function serviceThings(world: World): Seen<{ app: AppDetail; service: AppDetail['services'][number] }>[] {
  const facts = machineFacts(world)
  return world.apps.flatMap((app) => app.services.map((service) => ({
    of: { app, service },
    thing: { kind: 'service' as const, names: [service.name, `${place(app.name, app.environment)}/${service.name}`], fields: { ...shared(app, service.instances, facts), service: [service.name], state: [service.health] } },
  })))
}

export function instanceThings(world: World): Seen<InstanceOf>[] {
  const facts = machineFacts(world)
  return world.apps.flatMap((app) => instancesOf(app).map((instance) => ({
    of: { app, instance },
    thing: { kind: 'instance' as const, names: [instance.name, `${place(app.name, app.environment)}/${instance.name}`], fields: { ...shared(app, [instance], facts), service: [instance.service], state: [instance.state] } },
  })))
}

/** A machine has the apps, services and instances that run on it, and its own tags. */
export function machineThings({ machines, apps }: World): Seen<Machine>[] {
  return machines.map((machine) => {
    const here = apps.flatMap((app) => instancesOf(app).filter((instance) => instance.machine === machine.name).map((instance) => ({ app, instance })))
    return {
      of: machine,
      thing: {
        kind: 'machine', names: [machine.name],
        fields: {
          machine: [machine.name], tag: machine.tags, driver: [machine.driver], state: [machine.state],
          app: unique(here.map(({ app }) => app.name)), env: unique(here.map(({ app }) => app.environment)),
          service: unique(here.map(({ instance }) => instance.service)), instance: here.map(({ instance }) => instance.name), release: releaseNames(here.map(({ instance }) => instance.release)),
        },
      },
    }
  })
}

export function checkThings({ checks, apps, machines }: World): Seen<CheckFacts>[] {
  return checks.map((check) => {
    const tags = [...(apps.find((app) => app.name === check.app && app.environment === check.environment)?.settings.tags ?? []), ...(machines.find(({ name }) => name === check.machine)?.tags ?? [])]
    const one = (value: string | null) => (value === null ? [] : [value])
    return { of: check, thing: { kind: 'check', names: [check.name], fields: { check: [check.name, check.id], app: one(check.app), env: one(check.environment), service: one(check.service), machine: one(check.machine), state: [check.state], tag: unique(tags) } } }
  })
}
