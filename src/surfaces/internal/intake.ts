/**
 * Shipped streams from agents and proxies: POST /internal/{logs,facts,stats,traffic,spans,checks}, JSON, gzip allowed, with the
 * machine token; 2xx means stored. And GET /internal/artifacts/<digest> for slugs, /internal/plugins/<digest> for plugins of checks.
 */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { AppError } from '#base/errors.ts'
import type { FactBatch, LogBatch, SpanBatch, StatBatch, TrafficBatch } from '#contract/wire.ts'
import type { Logger } from '#kernel/log.ts'
import { bearerOf } from '#surfaces/api/credentials.ts'
import { problemOf } from '#surfaces/api/problem.ts'
import type { Intake } from '#watch/intake.ts'

const maxCompressedBytes = 16 * 1024 * 1024
const maxBytes = 128 * 1024 * 1024
const unzip = promisify(gunzip)

export function intakeDoor(deps: { intake: Intake; checks: { take(body: unknown): Promise<void>; plugin(digest: string): Promise<Buffer | undefined> }; artifactsDir: string; isMachine: (token: string) => boolean; log: Logger }) {
  async function take(request: IncomingMessage, response: ServerResponse, pathname: string): Promise<void> {
    const token = bearerOf(request)
    if (token === undefined || !deps.isMachine(token)) throw new AppError('unauthenticated', 'this door is for machines')
    const digest = /^\/internal\/artifacts\/([0-9a-f]{64})$/.exec(pathname)?.[1]
    if (request.method === 'GET' && digest !== undefined) return sendArtifact(response, path.join(deps.artifactsDir, `${digest}.tgz`), digest)
    const plugin = /^\/internal\/plugins\/([0-9a-f]{64})$/.exec(pathname)?.[1]
    if (request.method === 'GET' && plugin !== undefined) return sendPlugin(response, await deps.checks.plugin(plugin), plugin)
    if (request.method !== 'POST') throw new AppError('not-found', `there is nothing at ${pathname}`)
    const body = await readJson(request)
    if (pathname === '/internal/logs') await deps.intake.logs(Array.isArray(body) ? (body as LogBatch[]) : [body as LogBatch])
    else if (pathname === '/internal/facts') await deps.intake.facts(body as FactBatch)
    else if (pathname === '/internal/stats') await deps.intake.stats(body as StatBatch)
    else if (pathname === '/internal/traffic') await deps.intake.traffic(body as TrafficBatch)
    else if (pathname === '/internal/spans') await deps.intake.spans(body as SpanBatch)
    else if (pathname === '/internal/scrapes') deps.intake.scrapes(body)
    else if (pathname === '/internal/checks') await deps.checks.take(body)
    else throw new AppError('not-found', `there is nothing at ${pathname}`)
    response.writeHead(204).end()
  }

  return (request: IncomingMessage, response: ServerResponse): boolean => {
    const pathname = (request.url ?? '').split('?')[0] as string
    if (!pathname.startsWith('/internal/')) return false
    take(request, response, pathname).catch((error: unknown) => {
      const { problem, headers } = problemOf(error)
      if (problem.code === 'internal') deps.log.error({ err: error, pathname }, 'intake failed')
      if (!response.headersSent) response.writeHead(problem.status, { ...headers, connection: 'close' })
      response.end(JSON.stringify(problem))
    })
    return true
  }
}

function sendPlugin(response: ServerResponse, content: Buffer | undefined, digest: string): void {
  if (!content) throw new AppError('not-found', `there is no plugin ${digest}`)
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': content.length }).end(content)
}

async function sendArtifact(response: ServerResponse, file: string, digest: string): Promise<void> {
  const found = await stat(file).catch(() => undefined)
  if (!found) throw new AppError('not-found', `there is no artifact ${digest}`)
  response.writeHead(200, { 'content-type': 'application/gzip', 'content-length': found.size })
  await pipeline(createReadStream(file), response).catch(() => response.destroy())
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > maxCompressedBytes) throw new AppError('invalid', `a batch may have ${maxCompressedBytes} bytes at most; send smaller ones`)
    chunks.push(chunk)
  }
  const raw = Buffer.concat(chunks)
  try {
    const text = request.headers['content-encoding'] === 'gzip' ? await unzip(raw, { maxOutputLength: maxBytes }) : raw
    return JSON.parse(text.toString('utf8'))
  } catch (cause) {
    throw new AppError('invalid', 'the batch is not JSON (or its gzip is broken)', { cause })
  }
}
