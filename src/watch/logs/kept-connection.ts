import type { PoolClient } from 'pg'
import type { Database } from '#kernel/db/db.ts'

/** A connection that is kept between transactions, because COPY needs one of its own. One transaction at a time. */
export class KeptConnection {
  readonly #db: Database
  #client: PoolClient | undefined

  constructor(db: Database) {
    this.#db = db
  }

  async transaction<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = (this.#client ??= await this.#open())
    try {
      await client.query('BEGIN')
      const result = await work(client)
      await client.query('COMMIT')
      return result
    } catch (error) {
      this.#abandon(client) // the state of a connection after a broken COPY is not worth asking for
      throw error
    }
  }

  close(): void {
    if (this.#client) this.#abandon(this.#client)
  }

  async #open(): Promise<PoolClient> {
    const client = await this.#db.connect()
    client.on('error', () => this.#abandon(client))
    return client
  }

  #abandon(client: PoolClient): void {
    if (this.#client !== client) return
    this.#client = undefined
    client.release(true)
  }
}
