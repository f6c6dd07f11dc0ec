/** The built console: hashed assets are cached for good, every other path is the page itself (its router knows the rest). */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import path from 'node:path'
import type { FastifyReply, FastifyRequest } from 'fastify'

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2', '.png': 'image/png', '.ico': 'image/x-icon', '.json': 'application/json', '.webmanifest': 'application/manifest+json',
}
/** Names that a build makes; anything else on disk is never served. */
const assetPath = /^\/(assets\/[A-Za-z0-9_.-]+|[a-z0-9_-]+\.(svg|png|ico|webmanifest))$/

export async function serveConsole(dir: string, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const pathname = request.url.split('?')[0] as string
  const isAsset = assetPath.test(pathname) && !pathname.includes('..')
  const file = isAsset ? path.join(dir, pathname) : path.join(dir, 'index.html')
  const found = await stat(file).catch(() => undefined)
  if (!found?.isFile()) {
    if (pathname.startsWith('/assets/')) return reply.code(404).type('text/plain').send('no such asset; reload the page')
    return reply.code(503).type('text/plain').send('The console is not built yet. Build it with: npm run build:console\n')
  }
  reply.type(types[path.extname(file)] ?? 'application/octet-stream').header('content-length', found.size)
  reply.header('cache-control', pathname.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache')
  return request.method === 'HEAD' ? reply.send() : reply.send(createReadStream(file))
}
