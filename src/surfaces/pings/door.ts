/**
 * Where jobs tell that they ran, in the shapes of Healthchecks.io (`/ping/<uuid>`, `/ping/<key>/<slug>`, then `/start`, `/fail`,
 * `/log` or an exit status) and of Uptime Kuma (`/api/push/<token>`). What the URL holds is the credential.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Database } from '#kernel/db/db.ts'
import type { Logger } from '#kernel/log.ts'
import { type Ping, type PingAnswer, pingByToken, pingBySlug } from '#watch/checks/heartbeat.ts'

const maxBodyBytes = 100_000
const bodyMs = 10_000
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
/** A path tells at most so many times in a span; then 429. */
const most = { pings: 60, spanMs: 10_000, paths: 10_000 }
const maxAtOnce = 50

const answers: Record<PingAnswer, [number, string]> = { ok: [200, 'OK'], created: [201, 'Created'], unknown: [404, 'not found'], ambiguous: [409, 'ambiguous slug'], limited: [429, 'rate limited'] }

export function pingDoor({ db, secret, log, now = () => new Date(), bodyWithinMs = bodyMs }: { db: Database; secret: string; log: Logger; now?: () => Date; bodyWithinMs?: number }) {
  const counts = new Map<string, number>()
  let spanFrom = 0
  let underway = 0

  function isTooOften(path: string): boolean {
    const at = now().getTime()
    if (at - spanFrom > most.spanMs) {
      counts.clear()
      spanFrom = at
    }
    const count = (counts.get(path) ?? 0) + 1
    if (counts.size < most.paths) counts.set(path, count)
    return count > most.pings || underway >= maxAtOnce
  }

  async function healthchecks(request: IncomingMessage, url: URL): Promise<PingAnswer> {
    const parsed = parsePath(url.pathname)
    if (parsed === undefined) return 'unknown'
    const rid = url.searchParams.get('rid') ?? ''
    if (rid !== '' && !uuid.test(rid)) return 'unknown'
    const ping: Ping = { action: parsed.action, exitCode: parsed.exitCode, rid, body: () => bodyOf(request, bodyWithinMs) }
    if ('token' in parsed.to) return pingByToken(db, parsed.to.token, ping, now())
    return pingBySlug(db, secret, { ...parsed.to, create: url.searchParams.get('create') === '1' }, ping, now())
  }

  async function kuma(url: URL): Promise<PingAnswer> {
    const token = url.pathname.slice('/api/push/'.length)
    if (!uuid.test(token)) return 'unknown'
    const pingMs = Number.parseFloat(url.searchParams.get('ping') ?? '')
    const isUp = (url.searchParams.get('status') ?? 'up') === 'up'
    return pingByToken(db, token.toLowerCase(), { action: isUp ? 'success' : 'fail', rid: '', body: async () => (url.searchParams.get('msg') ?? 'OK').slice(0, 250), pingMs: Number.isFinite(pingMs) && pingMs >= 0 ? Math.min(pingMs, 1e9) : undefined }, now())
  }

  async function serve(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const isKuma = url.pathname.startsWith('/api/push/')
    const finish = (code: number, text: string) => {
      const body = isKuma ? JSON.stringify(code < 300 ? { ok: true } : { ok: false, msg: text }) : text
      response.writeHead(code, { 'content-type': isKuma ? 'application/json' : 'text/plain; charset=utf-8', 'content-length': Buffer.byteLength(body), 'access-control-allow-origin': '*', 'ping-body-limit': maxBodyBytes, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
      response.end(request.method === 'HEAD' ? undefined : body)
    }
    if (!isKuma && request.method !== 'GET' && request.method !== 'POST' && request.method !== 'HEAD') return finish(405, 'GET, POST or HEAD')
    if (isTooOften(url.pathname)) return finish(...answers.limited)
    underway++
    try {
      const [code, text] = answers[await (isKuma ? kuma(url) : healthchecks(request, url))]
      finish(isKuma && code >= 400 ? 404 : code, text)
    } catch (error) {
      log.error({ err: error }, 'a ping could not be taken')
      finish(503, 'try again')
    } finally {
      underway--
    }
  }

  return (request: IncomingMessage, response: ServerResponse): boolean => {
    const target = request.url ?? ''
    if (!target.startsWith('/ping/') && !target.startsWith('/api/push/')) return false
    if (!URL.canParse(target, 'http://x')) return false
    void serve(request, response, new URL(target, 'http://x'))
    return true
  }
}

type Parsed = { to: { token: string } | { key: string; slug: string }; action: Ping['action']; exitCode?: number | undefined }

/** Undefined for what is no such path. */
export function parsePath(pathname: string): Parsed | undefined {
  const parts = pathname.replace(/\/$/, '').split('/').slice(2)
  const [first = '', second, third, more] = parts
  const isToken = uuid.test(first)
  const end = isToken ? second : third
  if (more !== undefined || (isToken && third !== undefined) || (!isToken && second === undefined)) return undefined
  const to = isToken ? { token: first.toLowerCase() } : { key: first, slug: second as string }
  if (end === undefined) return { to, action: 'success' }
  if (end === 'start' || end === 'fail' || end === 'log') return { to, action: end }
  if (!/^\d{1,3}$/.test(end) || Number(end) > 255) return undefined
  return { to, action: end === '0' ? 'success' : 'fail', exitCode: Number(end) }
}

/** What is over the limit is read and dropped, as the job must not fail for it; one that takes too long is broken off. */
async function bodyOf(request: IncomingMessage, withinMs: number): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  const late = setTimeout(() => request.destroy(new Error(`the body took longer than ${withinMs} ms`)), withinMs)
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      if (size < maxBodyBytes) chunks.push(chunk)
      size += chunk.length
      if (size > 10 * maxBodyBytes) break
    }
  } finally {
    clearTimeout(late)
  }
  return Buffer.concat(chunks).subarray(0, maxBodyBytes).toString('utf8')
}
