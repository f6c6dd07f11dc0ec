import type { Db } from '#kernel/db/db.ts'
import type { Scope, SessionRow, TokenRow } from './model.ts'

export async function insertToken(tx: Db, token: { id: string; name: string; hash: Buffer; scope: Scope; apps: string[] | null; createdAt: Date; expiresAt: Date | null }): Promise<void> {
  await tx.query('INSERT INTO tokens (id, name, hash, scope, apps, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)', [
    token.id, token.name, token.hash, token.scope, token.apps, token.createdAt, token.expiresAt,
  ])
}

export async function deleteToken(tx: Db, id: string): Promise<{ name: string } | undefined> {
  return tx.maybe('DELETE FROM tokens WHERE id = $1 RETURNING name', [id])
}

export async function listTokens(db: Db): Promise<TokenRow[]> {
  return db.query('SELECT id, name, scope, apps, created_at, last_used_at, expires_at FROM tokens ORDER BY created_at')
}

/** Finds a living token and notes its use, at most once a minute. */
export async function findToken(db: Db, hash: Buffer, now: Date): Promise<TokenRow | undefined> {
  const token = await db.maybe<TokenRow>(
    'SELECT id, name, scope, apps, created_at, last_used_at, expires_at FROM tokens WHERE hash = $1 AND (expires_at IS NULL OR expires_at > $2)',
    [hash, now],
  )
  if (token !== undefined && (token.last_used_at === null || now.getTime() - token.last_used_at.getTime() > 60_000))
    await db.query('UPDATE tokens SET last_used_at = $2 WHERE id = $1', [token.id, now])
  return token
}

/** Finds a living token by its id and keeps it from being deleted until the transaction ends. */
export async function holdToken(tx: Db, id: string, now: Date): Promise<{ expires_at: Date | null } | undefined> {
  return tx.maybe('SELECT expires_at FROM tokens WHERE id = $1 AND (expires_at IS NULL OR expires_at > $2) FOR SHARE', [id, now])
}

export async function insertLoginLink(tx: Db, link: { hash: Buffer; name: string; createdAt: Date; expiresAt: Date }): Promise<void> {
  await tx.query('DELETE FROM login_links WHERE expires_at < $1', [link.createdAt])
  await tx.query('INSERT INTO login_links (hash, name, created_at, expires_at) VALUES ($1, $2, $3, $4)', [link.hash, link.name, link.createdAt, link.expiresAt])
}

/** Uses a link up: only the first caller gets its name, whoever races. */
export async function useLoginLink(tx: Db, hash: Buffer, now: Date): Promise<{ name: string } | undefined> {
  return tx.maybe('UPDATE login_links SET used_at = $2 WHERE hash = $1 AND used_at IS NULL AND expires_at > $2 RETURNING name', [hash, now])
}

export async function insertSession(tx: Db, session: { hash: Buffer; name: string; scope: Scope; token: string | null; now: Date; expiresAt: Date }): Promise<void> {
  await tx.query('DELETE FROM sessions WHERE expires_at < $1', [session.now])
  await tx.query('INSERT INTO sessions (hash, name, scope, token, created_at, last_used_at, expires_at) VALUES ($1, $2, $3, $4, $5, $5, $6)', [
    session.hash, session.name, session.scope, session.token, session.now, session.expiresAt,
  ])
}

/** Finds a living session, whose token lives if it was opened with one, and prolongs it, at most once a minute. */
export async function findSession(db: Db, hash: Buffer, now: Date, lifeMs: number): Promise<SessionRow | undefined> {
  const session = await db.maybe<SessionRow>(
    `SELECT session.name, session.scope, session.last_used_at, session.token FROM sessions session LEFT JOIN tokens token ON token.id = session.token
     WHERE session.hash = $1 AND session.expires_at > $2 AND (token.expires_at IS NULL OR token.expires_at > $2)`,
    [hash, now],
  )
  if (session !== undefined && now.getTime() - session.last_used_at.getTime() > 60_000)
    await db.query('UPDATE sessions SET last_used_at = $2, expires_at = $3 WHERE hash = $1', [hash, now, new Date(now.getTime() + lifeMs)])
  return session
}

export async function deleteSession(tx: Db, hash: Buffer): Promise<void> {
  await tx.query('DELETE FROM sessions WHERE hash = $1', [hash])
}
