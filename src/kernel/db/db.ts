/**
 * Access to PostgreSQL: a pool, transactions, and notifications. Plain SQL, written only in `store.ts`, `commands.ts` and `read*.ts`.
 * A `Db` is either the pool or one transaction; whoever takes a `Db` works in both.
 */
import pg from 'pg'
import { AppError } from '#base/errors.ts'

export type Db = {
  /** Rows of one statement with `$1` parameters. */
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>
  /** Exactly one row, or `internal`. */
  one<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row>
  /** The first row, if any. */
  maybe<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row | undefined>
}

export type Database = Db & {
  /** Commits when `work` resolves, rolls back when it throws. Retries a serialization failure or deadlock up to three times. */
  transaction<T>(work: (tx: Db) => Promise<T>): Promise<T>
  /** All statements of `work` see the database as it was at the first: for an answer that is made of several. Read only; ask one after the other. */
  snapshot<T>(work: (tx: Db) => Promise<T>): Promise<T>
  /** Calls back on NOTIFY; reconnects by itself, and calls back once after each reconnect, since something may have been missed. */
  listen(channel: string, listener: (payload: string) => void): () => void
  /** A connection of its own, for COPY and advisory locks; release it. */
  connect(): Promise<pg.PoolClient>
  close(): Promise<void>
}

pg.types.setTypeParser(pg.types.builtins.INT8, Number) // ids and sizes stay far below 2^53

function queries(run: (text: string, values: unknown[]) => Promise<{ rows: object[] }>): Db {
  const query = async <Row extends object>(text: string, values: readonly unknown[] = []) => (await run(text, [...values])).rows as Row[]
  return {
    query,
    async one<Row extends object>(text: string, values?: readonly unknown[]) {
      const rows = await query<Row>(text, values)
      if (rows.length !== 1) throw new AppError('internal', `expected one row, got ${rows.length}: ${text.slice(0, 120)}`)
      return rows[0] as Row
    },
    async maybe<Row extends object>(text: string, values?: readonly unknown[]) {
      return (await query<Row>(text, values))[0]
    },
  }
}

/** Nothing waits without end, also on a database of somebody else's: the next turn of a loop is the retry. */
const limits = { lock_timeout: 30_000, statement_timeout: 300_000, idle_in_transaction_session_timeout: 300_000 }

/** serialization_failure, deadlock_detected */
const retryable = new Set(['40001', '40P01'])

export function openDatabase(url: string, options: { max?: number } = {}): Database {
  const pool = new pg.Pool({ connectionString: url, max: options.max ?? 10, idleTimeoutMillis: 30_000, connectionTimeoutMillis: 10_000, keepAlive: true, ...limits })
  pool.on('error', () => {}) // an idle connection broke (the database restarted): the pool opens another when asked
  // a connection that breaks while it is lent tells its own emitter, and without a listener that ends the process
  pool.on('connect', (client) => client.on('error', () => {}))
  const listeners = new Map<string, Set<(payload: string) => void>>()
  let listenClient: pg.Client | undefined
  let closed = false
  let reconnect: NodeJS.Timeout | undefined

  async function keepListening() {
    const client = new pg.Client({ connectionString: url, keepAlive: true })
    listenClient = client
    const again = () => {
      if (closed || listenClient !== client) return
      listenClient = undefined
      client.removeAllListeners()
      client.on('error', () => {})
      client.end().catch(() => {})
      reconnect = setTimeout(() => void keepListening(), 250)
    }
    client.on('error', again)
    client.on('end', again)
    client.on('notification', (message) => {
      for (const listener of listeners.get(message.channel) ?? []) listener(message.payload ?? '')
    })
    try {
      await client.connect()
      for (const channel of listeners.keys()) await client.query(`LISTEN ${pg.escapeIdentifier(channel)}`)
      for (const set of listeners.values()) for (const listener of set) listener('')
    } catch {
      again()
    }
  }

  async function inTransaction<T>(begin: string, work: (tx: Db) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const client = await pool.connect()
      let broken = false
      try {
        await client.query(begin)
        const result = await work(queries((text, values) => client.query(text, values)))
        await client.query('COMMIT')
        return result
      } catch (error) {
        await client.query('ROLLBACK').catch(() => {
          broken = true
        })
        if (attempt < 4 && retryable.has((error as { code?: string }).code ?? '')) continue
        throw error
      } finally {
        client.release(broken)
      }
    }
  }

  return {
    ...queries((text, values) => pool.query(text, values)),
    transaction: (work) => inTransaction('BEGIN', work),
    snapshot: (work) => inTransaction('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', work),
    listen(channel, listener) {
      const set = listeners.get(channel) ?? new Set()
      listeners.set(channel, set)
      set.add(listener)
      if (listenClient === undefined && reconnect === undefined) void keepListening()
      else if (set.size === 1) listenClient?.query(`LISTEN ${pg.escapeIdentifier(channel)}`).catch(() => {})
      return () => void set.delete(listener)
    },
    connect: () => pool.connect(),
    async close() {
      closed = true
      clearTimeout(reconnect)
      await listenClient?.end().catch(() => {})
      await pool.end()
    },
  }
}
