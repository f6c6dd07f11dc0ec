export type Scope = 'admin' | 'deploy' | 'read'

export type TokenRow = { id: string; name: string; scope: Scope; apps: string[] | null; created_at: Date; last_used_at: Date | null; expires_at: Date | null }
export type SessionRow = { name: string; scope: Scope; last_used_at: Date; /** The token it was opened with. */ token: string | null }

export const tokenPrefix = 'nst_'
export const loginLinkLifeMs = 15 * 60_000
export const sessionLifeMs = 14 * 86_400_000
export const sessionCookie = 'nightshift_session'
