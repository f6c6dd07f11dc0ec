import type { Db } from '#kernel/db/db.ts'
import type { SourceLabels, StoredLine } from './model.ts'
import { sourceLabels } from './read-rows.ts'

const keep = 20_000

/** Who wrote, by source id; asked once each, because labels never change. */
export class Labels {
  readonly #db: Db
  readonly #known = new Map<number, SourceLabels>()

  constructor(db: Db) {
    this.#db = db
  }

  async attach(rows: readonly StoredLine[]): Promise<{ row: StoredLine; labels: SourceLabels }[]> {
    const missing = new Set<number>()
    for (const { source } of rows) if (!this.#known.has(source)) missing.add(source)
    if (missing.size > 0) {
      if (this.#known.size + missing.size > keep) this.#known.clear()
      for (const labels of await sourceLabels(this.#db, [...new Set(rows.map((row) => row.source))])) this.#known.set(labels.id, labels)
    }
    const nobody = (id: number): SourceLabels => ({ id, app: '', environment: '', service: '', instance: '', release: null, machine: '' })
    return rows.map((row) => ({ row, labels: this.#known.get(row.source) ?? nobody(row.source) }))
  }
}
