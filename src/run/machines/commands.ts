/** What is known of machines, and the only SQL that writes it. */
import type { DiskUse, MachineFacts } from '#contract/wire.ts'
import type { Db } from '#kernel/db/db.ts'

export async function noteConnected(tx: Db, facts: MachineFacts, now: Date): Promise<void> {
  await tx.query(
    `INSERT INTO machines (name, facts, connected, last_seen_at) VALUES ($1, $2, true, $3)
     ON CONFLICT (name) DO UPDATE SET facts = $2, connected = true, last_seen_at = $3`,
    [facts.machine, facts, now],
  )
}

export async function noteSeen(db: Db, machine: string, now: Date): Promise<void> {
  await db.query('UPDATE machines SET last_seen_at = $2 WHERE name = $1', [machine, now])
}

export async function noteDisk(tx: Db, machine: string, disk: DiskUse): Promise<void> {
  await tx.query('UPDATE machines SET disk = $2 WHERE name = $1 AND disk IS DISTINCT FROM $2', [machine, disk])
}

/** Undefined: there is no such machine. A tag that is both added and removed is removed. */
export async function changeTags(tx: Db, machine: string, add: readonly string[], remove: readonly string[]): Promise<{ before: string[]; after: string[] } | undefined> {
  const row = await tx.maybe<{ tags: string[] }>('SELECT tags FROM machines WHERE name = $1 FOR UPDATE', [machine])
  if (row === undefined) return undefined
  const after = [...new Set([...row.tags, ...add])].filter((tag) => !remove.includes(tag)).sort()
  await tx.query('UPDATE machines SET tags = $2 WHERE name = $1', [machine, after])
  return { before: row.tags, after }
}

/** Whether it is connected; held until the transaction ends, in which it cannot come back. Undefined: there is no such machine. */
export async function lockMachine(tx: Db, machine: string): Promise<{ connected: boolean } | undefined> {
  return tx.maybe('SELECT connected FROM machines WHERE name = $1 FOR UPDATE', [machine])
}

export async function deleteMachine(tx: Db, machine: string): Promise<void> {
  await tx.query('DELETE FROM machines WHERE name = $1', [machine])
}

export async function noteLost(tx: Db, machine: string): Promise<void> {
  await tx.query('UPDATE machines SET connected = false WHERE name = $1', [machine])
}

/** Higher than every one before, also over restarts: receivers ignore what is older than what they have. */
export async function nextGeneration(db: Db): Promise<number> {
  return (await db.one<{ value: number }>(`SELECT nextval('wire_generation') AS value`)).value
}

/** A receiver that has seen a higher generation than we ever gave (the database came back from a backup) must hear of the next one. */
export async function raiseGeneration(db: Db, seen: number): Promise<void> {
  await db.query(`SELECT setval('wire_generation', $1) WHERE $1 > (SELECT last_value FROM wire_generation)`, [seen])
}

/** The database's own time: the measure for what a read has seen. */
export async function databaseTime(db: Db): Promise<Date> {
  return (await db.one<{ now: Date }>('SELECT clock_timestamp() AS now')).now
}
