/** Commands on domains and edges inside a caller's transaction, and the only SQL that writes them. */
import { AppError } from '#base/errors.ts'
import type { Manifest } from '#contract/manifest.ts'
import type { Db } from '#kernel/db/db.ts'
import { readServing } from '#run/apps/read-config.ts'
import { effectiveManifest } from '#run/manifest/effective.ts'
import { readRelease } from '#run/releases/read.ts'
import { type DomainRow, edgePorts } from './model.ts'
import { readDomains } from './read.ts'
import { environmentRoutes } from './table.ts'

const taken = (place: string) => `${place} belongs to another app already (remove it there first, or choose another path)`

/** Two apps cannot take the same place at once: whoever takes domains does it alone, until the end of the transaction. */
async function takeDomainsAlone(tx: Db): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtext('nightshift.domains'))`)
}

/** `host/path` of every domain that a manifest names. */
function placesOf(env: { app: string; environment: string; manifest: Manifest }): string[] {
  return environmentRoutes(env, []).flatMap(({ route, source }) => (source === 'manifest' ? [route.id] : []))
}

/** What manifests of other apps name, in releases that serve or are on their way in. */
async function placesOfOthers(tx: Db, app: string): Promise<Set<string>> {
  const places = new Set<string>()
  for (const env of await readServing(tx)) {
    if (env.app === app) continue
    for (const number of [env.active_release, env.rolling]) {
      if (number === null) continue
      const { manifest } = await readRelease(tx, env.app, env.name, number)
      for (const place of placesOf({ app: env.app, environment: env.name, manifest: effectiveManifest(manifest, env.name) })) places.add(place)
    }
  }
  return places
}

/** `conflict` when a new release names a domain that another app has; what `before` named already is not looked at again. */
export async function refuseTakenDomains(tx: Db, env: { app: string; environment: string; manifest: Manifest }, before: Manifest | undefined): Promise<void> {
  const known = new Set(before === undefined ? [] : placesOf({ ...env, manifest: before }))
  const fresh = placesOf(env).filter((place) => !known.has(place))
  if (fresh.length === 0) return
  await takeDomainsAlone(tx)
  const others = await placesOfOthers(tx, env.app)
  for (const domain of await readDomains(tx)) if (domain.app !== env.app) others.add(`${domain.host}${domain.path}`)
  const place = fresh.find((each) => others.has(each))
  if (place !== undefined) throw new AppError('conflict', taken(place))
}

export async function insertDomain(tx: Db, domain: DomainRow): Promise<void> {
  await takeDomainsAlone(tx)
  const owner = await tx.maybe<DomainRow>('SELECT * FROM domains WHERE host = $1 AND path = $2', [domain.host, domain.path])
  const foreign = owner ? owner.app !== domain.app || owner.environment !== domain.environment : (await placesOfOthers(tx, domain.app)).has(`${domain.host}${domain.path}`)
  if (foreign) throw new AppError('conflict', taken(`${domain.host}${domain.path}`))
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

/** So many of the newest releases may bring an edge back at its port. */
const releasesWithEdges = 50

/** Gives back the ports of edges that none of the newest releases of their environment has. How many. */
export async function forgetEdges(db: Db): Promise<number> {
  const rows = await db.query(
    `DELETE FROM edges g WHERE NOT EXISTS (
       SELECT FROM (SELECT manifest FROM releases r WHERE r.app = g.app AND r.environment = g.environment ORDER BY number DESC LIMIT $1) newest
       WHERE newest.manifest #> ARRAY['services', g.from_service, 'needs'] ? g.to_service)
       AND NOT EXISTS (SELECT FROM environments e JOIN releases r ON r.app = e.app AND r.environment = e.name AND r.number = e.active_release
         WHERE e.app = g.app AND e.name = g.environment AND r.manifest #> ARRAY['services', g.from_service, 'needs'] ? g.to_service)
     RETURNING 1`,
    [releasesWithEdges],
  )
  return rows.length
}
