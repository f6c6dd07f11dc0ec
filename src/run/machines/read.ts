import type { Machine } from '#contract/model.ts'
import type { DiskUse, MachineFacts } from '#contract/wire.ts'
import type { Db } from '#kernel/db/db.ts'

export async function readMachines(db: Db): Promise<Machine[]> {
  const rows = await db.query<{ name: string; facts: MachineFacts; connected: boolean; last_seen_at: Date; instances: number; tags: string[] }>(
    `SELECT m.*, (SELECT count(*) FROM instances i WHERE i.machine = m.name AND i.wanted = 'run')::int AS instances FROM machines m ORDER BY name`,
  )
  return rows.map(({ name, facts, connected, last_seen_at, instances, tags }) => ({
    name, state: connected ? 'connected' : 'lost', driver: facts.driver, version: facts.version, os: facts.os, cpus: facts.cpus,
    memoryBytes: facts.memoryBytes, limits: facts.limits, lastSeenAt: last_seen_at.toISOString(), instances, tags,
  }))
}

/** The newest word on each machine's disk, by machine. */
export async function diskUse(db: Db): Promise<Map<string, DiskUse>> {
  const rows = await db.query<{ name: string; disk: DiskUse }>('SELECT name, disk FROM machines WHERE disk IS NOT NULL')
  return new Map(rows.map(({ name, disk }) => [name, disk]))
}

export async function connectedMachines(db: Db): Promise<string[]> {
  return (await db.query<{ name: string }>('SELECT name FROM machines WHERE connected')).map(({ name }) => name)
}

/** Whether a machine runs apps in containers. One that is away for less than an hour still counts; null: none was seen in that time. */
export async function runsContainers(db: Db): Promise<boolean | null> {
  const row = await db.one<{ docker: boolean | null }>(`SELECT bool_or(facts ->> 'driver' = 'docker') AS docker FROM machines WHERE connected OR last_seen_at > now() - interval '1 hour'`)
  return row.docker
}
