/** Tells everybody what changed for them. Idempotent: unchanged content is not sent again. */
import { createHash } from 'node:crypto'
import type { Database } from '#kernel/db/db.ts'
import { type FleetDeps, desiredInstances, desiredRoutes } from '#run/fleet/desired.ts'
import { databaseTime, nextGeneration } from '#run/machines/commands.ts'
import { type AgentLink, type ProxyLink, sendTo } from './links.ts'

type Deps = { db: Database; fleet: FleetDeps }

/** Says whom it told. */
export async function tellAgents({ db, fleet }: Deps, agents: Iterable<AgentLink>): Promise<string[]> {
  const told: string[] = []
  for (const link of agents) {
    const readAt = await databaseTime(db)
    const instances = await db.snapshot((tx) => desiredInstances({ ...fleet, db: tx }, link.machine))
    const hash = hashOf(instances)
    if (link.sent?.hash === hash) {
      link.sent.readAt = readAt
      continue
    }
    const generation = await nextGeneration(db)
    link.sent = { hash, generation, readAt }
    sendTo(link, { t: 'desired', state: { generation, instances } })
    told.push(`told agent ${link.machine} to run ${instances.length} instances`)
  }
  return told
}

/** One table for all. */
export async function tellProxies({ db, fleet }: Deps, proxies: Iterable<ProxyLink>): Promise<string[]> {
  const here = [...proxies]
  if (here.length === 0) return []
  const routes = await db.snapshot((tx) => desiredRoutes({ ...fleet, db: tx }))
  const hash = hashOf(routes)
  const behind = here.filter((link) => link.sentHash !== hash)
  if (behind.length === 0) return []
  const table = { generation: await nextGeneration(db), ...routes }
  for (const link of behind) {
    link.sentHash = hash
    link.socket.send(JSON.stringify({ t: 'routes', table }))
  }
  return behind.map((link) => `told proxy ${link.machine} ${table.routes.length} routes`)
}

function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex')
}
