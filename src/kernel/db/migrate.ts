/**
 * Forward-only migrations: numbered SQL files, each run once in its own transaction. The row is inserted first, so
 * that two starters collide harmlessly; a file that changed after it was applied, or a database that is newer than
 * this version, stops the start with a clear error.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '#base/errors.ts'
import type { Database } from './db.ts'
import { locks } from './locks.ts'

export const schemaDir = path.join(import.meta.dirname, '../../schema')

/** Names of the migrations that were applied by this call. Idempotent. */
export async function migrate(db: Database, dir: string = schemaDir): Promise<string[]> {
  const names = (await readdir(dir)).filter((name) => name.endsWith('.sql')).sort()
  const files = await Promise.all(names.map(async (name) => ({ name, sql: await readFile(path.join(dir, name), 'utf8') })))
  return db.transaction(async (tx) => {
    await tx.query('SET LOCAL lock_timeout = 0')
    await tx.query('SET LOCAL statement_timeout = 0')
    await tx.query('SELECT pg_advisory_xact_lock($1)', [locks.migration])
    await tx.query('CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())')
    const done = new Map((await tx.query<{ name: string; checksum: string }>('SELECT name, checksum FROM migrations')).map((row) => [row.name, row.checksum]))
    const newer = [...done.keys()].filter((name) => !names.includes(name))
    if (newer.length > 0) throw new AppError('conflict', `the database was migrated by a newer Nightshift (it has ${newer.join(', ')}); start that version, or restore a backup`)
    const applied: string[] = []
    for (const file of files) {
      const checksum = createHash('sha256').update(file.sql).digest('hex')
      const known = done.get(file.name)
      if (known !== undefined && known !== checksum) throw new AppError('conflict', `migration ${file.name} was changed after it was applied; add a new file instead`)
      if (known !== undefined) continue
      await tx.query('INSERT INTO migrations (name, checksum) VALUES ($1, $2)', [file.name, checksum])
      await tx.query(file.sql)
      applied.push(file.name)
    }
    return applied
  })
}
