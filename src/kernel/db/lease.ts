/**
 * One control at a time works on a database: a session lock of PostgreSQL on a connection of its own, which is free the moment that
 * its holder has died. Who comes second waits.
 *
 *   waiting → held → (its connection breaks) taking again → held, or lost when somebody else was faster
 */
import type { PoolClient } from 'pg'
import { sleep } from '#base/clock.ts'
import type { Database } from './db.ts'
import { locks } from './locks.ts'

const againMs = 500

export type Lease = { release(): void }
type Options = {
  /** Told once: somebody else works on this database. */
  onWaiting(): void
  /** Somebody else works on this database now: nothing may be done any more. */
  onLost(): void
}

/** Resolves when it is held. */
export async function takeLease(db: Database, options: Options): Promise<Lease> {
  const closing = new AbortController()
  let told = false
  let held = await attempt(db)
  while (held.client === null) {
    if (!told) options.onWaiting()
    told = true
    await sleep(againMs)
    held = await attempt(db)
  }
  /** Null while it is being taken again. */
  let client: PoolClient | null = null

  function watch({ client: mine, pid }: Held) {
    client = mine
    mine.once('end', () => {
      if (client !== mine) return // it was let go
      client = null
      mine.release(true)
      void takeAgain(pid)
    })
  }

  /** While the database is away nobody can do anything; one's own broken connection may hold the lock for some seconds more. */
  async function takeAgain(before: number): Promise<void> {
    while (!closing.signal.aborted) {
      const next = await attempt(db).catch(() => undefined)
      if (next?.client) return closing.signal.aborted ? next.client.release(true) : watch(next)
      if (next !== undefined && next.pid !== null && next.pid !== before && !closing.signal.aborted) return options.onLost()
      await sleep(againMs, closing.signal).catch(() => {})
    }
  }

  watch(held)
  return {
    release() {
      closing.abort()
      const mine = client
      client = null
      mine?.release(true)
    },
  }
}

type Held = { client: PoolClient; pid: number }
/** `pid`: the server process that holds it; null: it was just let go. */
type Attempt = Held | { client: null; pid: number | null }

async function attempt(db: Database): Promise<Attempt> {
  const client = await db.connect()
  try {
    // a holder that is cut off must not hold it for hours
    await client.query('SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3')
    const { rows: [mine] } = await client.query<{ held: boolean; pid: number }>('SELECT pg_try_advisory_lock($1) AS held, pg_backend_pid() AS pid', [locks.lease])
    if (mine?.held) return { client, pid: mine.pid }
    const { rows: [holder] } = await client.query<{ pid: number }>(
      `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = 0 AND objid = $1 AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      [locks.lease],
    )
    client.release(true)
    return { client: null, pid: holder?.pid ?? null }
  } catch (error) {
    client.release(true)
    throw error
  }
}
