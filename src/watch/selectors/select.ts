/** What a query matches, written out: whoever acts on a query acts on this list, which was shown before. Pure. */
import type { Selection } from '#contract/selecting.ts'
import { isPositive, printQuery } from './ast.ts'
import { matches } from './match.ts'
import { parseQuery } from './parse.ts'
import { type Seen, type World, appThings, checkThings, instanceThings, machineThings, serviceThings } from './things.ts'

export function selectionOf(text: string, world: World): Selection {
  const query = parseQuery(text)
  const chosen = <T>(things: readonly Seen<T>[]): T[] => things.filter(({ thing }) => matches(query, thing)).map(({ of }) => of)
  const machines = chosen(machineThings(world)).map(({ name, state, tags }) => ({ name, state, tags }))
  const apps = chosen(appThings(world)).map(({ name, environment, health }) => ({ app: name, environment, state: health }))
  const services = chosen(serviceThings(world)).map(({ app, service }) => ({ app: app.name, environment: app.environment, service: service.name, state: service.health }))
  const instances = chosen(instanceThings(world)).map(({ app, instance }) => ({
    app: app.name, environment: app.environment, service: instance.service, instance: instance.name, machine: instance.machine, state: instance.state, release: instance.release,
  }))
  const checks = chosen(checkThings(world)).map(({ id, name, app, state }) => ({ id, name, app, state }))
  return {
    query: query === null ? '' : printQuery(query),
    because: query === null ? 'an empty query matches nothing (app:* is every app, node:* every machine)' : isPositive(query) ? null : 'it only says what to leave out, which matches nothing (say also what to take: app:* …)',
    counts: { machines: machines.length, apps: apps.length, services: services.length, instances: instances.length, checks: checks.length },
    machines, apps, services, instances, checks,
  }
}
