/** Credentials in, callers out. See README.md. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { AppError } from '#base/errors.ts'
import { newId, newSecret } from '#base/ids.ts'
import type { Token } from '#contract/model.ts'
import type { Database } from '#kernel/db/db.ts'
import type { Caller } from '#kernel/handlers.ts'
import { record } from '#kernel/journal.ts'
import { type Scope, type TokenRow, loginLinkLifeMs, sessionLifeMs, tokenPrefix } from './model.ts'
import * as store from './store.ts'

export type AccessDeps = {
  db: Database
  /** Content of keys/admin.token and keys/machine.token. */
  adminToken: string
  machineToken: string
}

export type AccessService = {
  /** The caller behind a bearer token, or undefined. */
  callerOfToken(secret: string, now: Date): Promise<Caller | undefined>
  /** The caller behind a session cookie, or undefined. */
  callerOfSession(secret: string, now: Date): Promise<Caller | undefined>
  isMachine(secret: string): boolean
  createLoginLink(caller: Caller, name: string, now: Date): Promise<{ code: string; expiresAt: Date }>
  /** Trades a one-time code or a token for a session, which ends with that token. `unauthenticated` if it is neither. */
  redeem(code: string, now: Date): Promise<{ caller: Caller; session: string; maxAgeSeconds: number }>
  logout(session: string, caller: Caller, now: Date): Promise<void>
  createToken(caller: Caller, input: { name: string; scope: Scope; apps?: string[] | undefined; expiresInDays?: number | undefined }, now: Date): Promise<Token & { secret: string }>
  revokeToken(caller: Caller, id: string, now: Date): Promise<void>
  listTokens(): Promise<Token[]>
}

const hashOf = (secret: string) => createHash('sha256').update(secret).digest()
const tokenView = (row: TokenRow): Token => ({
  id: row.id, name: row.name, scope: row.scope, apps: row.apps,
  createdAt: row.created_at.toISOString(), lastUsedAt: row.last_used_at?.toISOString() ?? null, expiresAt: row.expires_at?.toISOString() ?? null,
})

export function openAccess({ db, adminToken, machineToken }: AccessDeps): AccessService {
  const adminHash = hashOf(adminToken)
  const machineHash = hashOf(machineToken)

  /** The caller behind a token, and the row of the token; the local admin has none. */
  async function holderOf(secret: string, now: Date): Promise<{ caller: Caller; token: string | null } | undefined> {
    const hash = hashOf(secret)
    if (timingSafeEqual(hash, adminHash)) return { caller: { actor: { kind: 'token', name: 'local admin' }, access: 'admin', apps: null }, token: null }
    const token = await store.findToken(db, hash, now)
    return token && { caller: { actor: { kind: 'token', name: token.name }, access: token.scope, apps: token.apps }, token: token.id }
  }

  return {
    callerOfToken: async (secret, now) => (await holderOf(secret, now))?.caller,
    async callerOfSession(secret, now) {
      const session = await store.findSession(db, hashOf(secret), now, sessionLifeMs)
      return session && { actor: { kind: 'session', name: session.name }, access: session.scope, apps: null }
    },
    isMachine: (secret) => timingSafeEqual(hashOf(secret), machineHash),

    async createLoginLink(caller, name, now) {
      const code = newSecret()
      const expiresAt = new Date(now.getTime() + loginLinkLifeMs)
      await db.transaction(async (tx) => {
        await store.insertLoginLink(tx, { hash: hashOf(code), name, createdAt: now, expiresAt })
        await record(tx, { at: now, kind: 'login.created', actor: caller.actor, summary: `${caller.actor.name} made a login link for ${name}` })
      })
      return { code, expiresAt }
    },

    async redeem(code, now) {
      const session = newSecret()
      const holder = await holderOf(code, now)
      const byToken = holder?.caller
      // a token limited to some apps stays a token: sessions see everything within their scope
      if (byToken !== undefined && byToken.apps !== null) throw new AppError('forbidden', 'a token that is limited to some apps cannot open the console; use a login link (nightshift login-link)')
      const token = holder?.token ?? null
      return db.transaction(async (tx) => {
        const link = byToken ? undefined : await store.useLoginLink(tx, hashOf(code), now)
        if (!byToken && !link) throw new AppError('unauthenticated', 'this login link is unknown, used or older than 15 minutes (make another: nightshift login-link)')
        // it is looked at again: it may have been revoked in between
        const held = token === null ? undefined : await store.holdToken(tx, token, now)
        if (token !== null && held === undefined) throw new AppError('unauthenticated', 'this token is unknown, revoked or expired')
        const expiresAt = new Date(Math.min(now.getTime() + sessionLifeMs, held?.expires_at?.getTime() ?? Infinity))
        const name = link?.name ?? (byToken as Caller).actor.name
        const scope = byToken?.access ?? 'admin'
        await store.insertSession(tx, { hash: hashOf(session), name, scope, token, now, expiresAt })
        const opened: Caller = { actor: { kind: 'session', name }, access: scope, apps: null }
        await record(tx, { at: now, kind: 'session.opened', actor: opened.actor, summary: `${name} signed in to the console` })
        return { caller: opened, session, maxAgeSeconds: Math.floor((expiresAt.getTime() - now.getTime()) / 1000) }
      })
    },

    async logout(session, caller, now) {
      await db.transaction(async (tx) => {
        await store.deleteSession(tx, hashOf(session))
        await record(tx, { at: now, kind: 'session.closed', actor: caller.actor, summary: `${caller.actor.name} signed out` })
      })
    },

    async createToken(caller, input, now) {
      const secret = tokenPrefix + newSecret()
      const row: TokenRow = {
        id: newId('tok', now), name: input.name, scope: input.scope, apps: input.apps ?? null, created_at: now, last_used_at: null,
        expires_at: input.expiresInDays === undefined ? null : new Date(now.getTime() + input.expiresInDays * 86_400_000),
      }
      await db.transaction(async (tx) => {
        await store.insertToken(tx, { id: row.id, name: row.name, hash: hashOf(secret), scope: row.scope, apps: row.apps, createdAt: now, expiresAt: row.expires_at })
        await record(tx, { at: now, kind: 'token.created', actor: caller.actor, summary: `${caller.actor.name} made the ${row.scope} token "${row.name}"`, data: { token: row.id, apps: row.apps } })
      })
      return { ...tokenView(row), secret }
    },

    async revokeToken(caller, id, now) {
      await db.transaction(async (tx) => {
        const token = await store.deleteToken(tx, id)
        if (!token) throw new AppError('not-found', `there is no token "${id}" (see: nightshift tokens)`)
        await record(tx, { at: now, kind: 'token.revoked', actor: caller.actor, summary: `${caller.actor.name} revoked the token "${token.name}"`, data: { token: id } })
      })
    },

    listTokens: async () => (await store.listTokens(db)).map(tokenView),
  }
}
