import type { Db } from '#kernel/db/db.ts'
import type { DomainRow, EdgeRow } from './model.ts'

export async function readDomains(db: Db): Promise<DomainRow[]> {
  return db.query('SELECT * FROM domains ORDER BY host, path')
}

export async function readEdges(db: Db): Promise<EdgeRow[]> {
  return db.query('SELECT * FROM edges')
}
