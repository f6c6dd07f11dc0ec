/** All that queries can match, of what a caller may see: a caller of some apps sees only the machines on which those run. */
import type { Machine } from '#contract/model.ts'
import type { Database } from '#kernel/db/db.ts'
import { type Reach, readApps } from '#run/apps/read.ts'
import { readMachines } from '#run/machines/read.ts'
import { listChecks } from '#watch/checks/read.ts'
import type { World } from './things.ts'

const noMoment = { samples: new Map(), rates: [] }

export async function readWorld(db: Database, reach: Reach, seen: readonly string[] | null): Promise<World> {
  const [apps, machines] = [await readApps(db, reach, noMoment, { apps: seen }), await readMachines(db)]
  return { apps, machines: seen === null ? machines : machinesOf(apps, machines), checks: (await listChecks(db, { apps: seen })).map(({ id, name, kind, app, environment, service, state, vantages }) => ({ id, name, kind, app, environment, service, state, machine: vantages.find((from) => from.startsWith('machine:'))?.slice('machine:'.length) ?? null })) }
}

/** The machines on which these apps run. */
export function machinesOf(apps: readonly { services: readonly { instances: readonly { machine: string }[] }[] }[], machines: readonly Machine[]): Machine[] {
  const used = new Set(apps.flatMap((app) => app.services.flatMap((service) => service.instances.map((instance) => instance.machine))))
  return machines.filter((machine) => used.has(machine.name))
}
