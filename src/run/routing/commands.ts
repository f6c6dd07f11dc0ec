/** Commands on domains and edges inside a caller's transaction, and the only SQL that writes them. */
import { AppError } from '#base/errors.ts'
import type { Db } from '#kernel/db/db.ts'
import { type DomainRow, edgePorts } from './model.ts'

export async function insertDomain(tx: Db, domain: DomainRow): Promise<void> {
  const owner = await tx.maybe<DomainRow>('SELECT * FROM domains WHERE host = $1 AND path = $2', [domain.host, domain.path])
  if (owner && (owner.app !== domain.app || owner.environment !== domain.environment))
    throw new AppError('conflict', `${domain.host}${domain.path} belongs to another app already (remove it there first, or choose another path)`)
  await tx.query(
    `INSERT INTO domains (host, path, app, environment, service, certificate_pem, sealed_key, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (host, path) DO UPDATE SET service = $5, certificate_pem = coalesce($6, domains.certificate_pem), sealed_key = coalesce($7, domains.sealed_key)`,
    [domain.host, domain.path, domain.app, domain.environment, domain.service, domain.certificate_pem, domain.sealed_key, domain.created_at],
  )
}

export async function deleteDomain(tx: Db, app: string, environment: string, host: string): Promise<number> {
  return (await tx.query('DELETE FROM domains WHERE app = $1 AND environment = $2 AND host = $3 RETURNING host', [app, environment, host])).length
}

/**
 * The edge's port, given once and kept. `startAt` spreads several installations on one machine over the range;
 * `isFree` says whether anybody else listens there now.
 */
export async function ensureEdge(tx: Db, edge: { app: string; environment: string; from: string; to: string }, startAt: number, isFree: (port: number) => Promise<boolean>): Promise<number> {
  const known = await tx.maybe<{ port: number }>('SELECT port FROM edges WHERE app = $1 AND environment = $2 AND from_service = $3 AND to_service = $4', [edge.app, edge.environment, edge.from, edge.to])
  if (known) return known.port
  await tx.query('LOCK TABLE edges IN SHARE ROW EXCLUSIVE MODE')
  const used = new Set((await tx.query<{ port: number }>('SELECT port FROM edges')).map((row) => row.port))
  const span = edgePorts.last - edgePorts.first + 1
  for (let offset = 0; offset < span; offset++) {
    const port = edgePorts.first + ((startAt + offset) % span)
    if (used.has(port) || !(await isFree(port))) continue
    await tx.query('INSERT INTO edges (app, environment, from_service, to_service, port) VALUES ($1, $2, $3, $4, $5)', [edge.app, edge.environment, edge.from, edge.to, port])
    return port
  }
  throw new AppError('limited', `no port is left for the edge ${edge.from} → ${edge.to} (${edgePorts.first} to ${edgePorts.last} are all in use)`)
}
