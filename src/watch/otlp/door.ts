/**
 * OTLP/HTTP in: `POST /otlp/v1/{logs,metrics,traces}` with the ingest key of a service as bearer token. What it answers is the
 * protocol's: 200 with `partialSuccess` for what is not kept, 429 and 503 with Retry-After for what may be sent again, other 4xx for good.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { Clock } from '#base/clock.ts'
import { AppError, isAppError } from '#base/errors.ts'
import type { SecretBox } from '#base/secretbox.ts'
import type { Logger } from '#kernel/log.ts'
import { readIngestKey } from '#run/instances/ingest-key.ts'
import { decodeOtlp, otlpWeight } from './decode.ts'
import { HeldBytes, type Hold } from './held.ts'
import { type OtlpGroup, type OtlpItem, type OtlpSender, type OtlpSignal, type OtlpSink, type OtlpSinks, otlpSignals } from './model.ts'
import { responseBytes, statusBytes } from './wire.ts'

export const otlpBounds = { bodyBytes: 4 * 1024 * 1024, inflatedBytes: 16 * 1024 * 1024, weight: 250_000 } as const

type Format = 'json' | 'protobuf'
type Answer = { status: number; headers?: Record<string, string>; partial?: { rejected: number; because: string } | null; message?: string }

const unzip = promisify(gunzip)
/** What a record, an attribute or a point takes when it is read, roughly. */
const bytesPerObject = 100
const contentTypes: Record<Format, string> = { json: 'application/json', protobuf: 'application/x-protobuf' }

export function openOtlpDoor({ box, clock, log, sinks }: { box: Pick<SecretBox, 'mac'>; clock: Clock; log: Logger; sinks: OtlpSinks }) {
  const held = new HeldBytes()

  async function take(request: IncomingMessage, pathname: string, format: Format): Promise<Answer> {
    const signal = otlpSignals.find((one) => pathname === `/otlp/v1/${one}`)
    if (signal === undefined) return { status: 404, message: `there is nothing at ${pathname.slice(0, 100)} (send to /otlp/v1/logs, metrics or traces)` }
    if (request.method !== 'POST') return { status: 405, headers: { allow: 'POST' }, message: 'telemetry is sent by POST' }
    const key = /^Bearer (\S{1,800})$/i.exec(request.headers.authorization ?? '')?.[1]
    const sender = key === undefined ? null : readIngestKey(box, key)
    if (sender === null) return { status: 401, headers: { 'www-authenticate': 'Bearer realm="nightshift"' }, message: 'the authorization header holds no ingest key of this Nightshift (instances have theirs in OTEL_EXPORTER_OTLP_HEADERS)' }
    if (formatOf(request) === null) return { status: 415, message: 'telemetry is application/x-protobuf or application/json' }
    if (Number(request.headers['content-length']) > otlpBounds.bodyBytes) throw new TooLarge(tooLarge)
    using hold = held.by(sender.app)
    const body = await inflated(request, await bodyOf(request, hold), hold)
    const weight = otlpWeight(signal, format, body)
    if (weight > otlpBounds.weight) throw new TooLarge(`a body may hold ${otlpBounds.weight} objects, and this one has some ${weight}; send smaller batches`)
    hold.more(weight * bytesPerObject)
    return { status: 200, partial: await handOver(signal, decodeOtlp(signal, format, body), sender) }
  }

  async function handOver<Signal extends OtlpSignal>(signal: Signal, groups: OtlpGroup<OtlpItem[Signal]>[], sender: OtlpSender) {
    const sink = sinks[signal] as OtlpSink<Signal> | undefined
    if (sink === undefined) return { rejected: groups.reduce((sum, group) => sum + group.items.length, 0), because: `this Nightshift does not keep ${signal}` }
    let rejected = 0
    const reasons = new Set<string>()
    for (const group of groups) {
      const said = group.resource['service.instance.id']
      const answer = await sink(group, { ...sender, instance: sender.instance ?? (typeof said === 'string' && said !== '' ? said.slice(0, 200) : null) }, clock.now())
      if (!answer) continue
      rejected += answer.rejected
      reasons.add(answer.because)
    }
    return reasons.size === 0 ? null : { rejected, because: [...reasons].slice(0, 5).join('; ') }
  }

  return (request: IncomingMessage, response: ServerResponse): boolean => {
    const pathname = (request.url ?? '').split('?')[0] as string
    if (!pathname.startsWith('/otlp/')) return false
    const format = formatOf(request) ?? 'json'
    take(request, pathname, format)
      .catch((error: unknown) => {
        const answer = refusal(error)
        if (answer.status === 500) log.error({ err: error, pathname }, 'telemetry could not be taken in')
        return answer
      })
      .then((answer) => write(response, format, answer), () => response.destroy())
    return true
  }
}

function formatOf(request: IncomingMessage): Format | null {
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase()
  return type === contentTypes.json ? 'json' : type === contentTypes.protobuf ? 'protobuf' : null
}

function refusal(error: unknown): Answer {
  if (isAppError(error, 'invalid')) return { status: 400, message: error.message }
  if (isAppError(error, 'limited')) return { status: 429, headers: { 'retry-after': '10' }, message: error.message }
  if (isAppError(error, 'unavailable')) return { status: 503, headers: { 'retry-after': '5' }, message: error.message }
  if (error instanceof TooLarge) return { status: 413, message: error.message }
  const code = (error as { code?: string }).code ?? ''
  const databaseAway = /^(ECONNREFUSED|ECONNRESET|57P0[13]|53\d\d\d)$/.test(code) || /Connection terminated|timeout exceeded/.test(String(error))
  return databaseAway ? { status: 503, headers: { 'retry-after': '5' }, message: 'the database is away for a moment' } : { status: 500, message: 'an unexpected error; the details are in the log of control' }
}

function write(response: ServerResponse, format: Format, { status, headers, partial, message }: Answer): void {
  const body = status === 200 ? (format === 'json' ? JSON.stringify(partial ? { partialSuccess: partialJson(partial) } : {}) : responseBytes(partial ?? null)) : format === 'json' ? JSON.stringify({ message }) : statusBytes(message ?? '')
  response.writeHead(status, { 'content-type': contentTypes[format], ...headers, ...(status === 200 ? {} : { connection: 'close' }) })
  response.end(body)
}

/** Named by the signal in protobuf's schemas, and under one number: in JSON all three names would do, and `errorMessage` is what is read. */
function partialJson({ rejected, because }: { rejected: number; because: string }) {
  return { rejectedLogRecords: String(rejected), rejectedDataPoints: String(rejected), rejectedSpans: String(rejected), errorMessage: because }
}

class TooLarge extends Error {}
const tooLarge = `a body may have ${otlpBounds.bodyBytes} bytes; send smaller batches`

async function bodyOf(request: IncomingMessage, hold: Hold): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length
    hold.more(chunk.length)
    if (size > otlpBounds.bodyBytes) throw new TooLarge(tooLarge)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

async function inflated(request: IncomingMessage, body: Buffer, hold: Hold): Promise<Buffer> {
  const encoding = (request.headers['content-encoding'] ?? 'identity').toLowerCase()
  if (encoding === 'identity') return body
  if (encoding !== 'gzip') throw new AppError('invalid', `content-encoding ${JSON.stringify(encoding.slice(0, 40))} is not known (gzip, or none)`)
  hold.more(otlpBounds.inflatedBytes) // as much as it may become, until it is known
  const whole = await unzip(body, { maxOutputLength: otlpBounds.inflatedBytes }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ERR_BUFFER_TOO_LARGE') throw new TooLarge(`a body may have ${otlpBounds.inflatedBytes} bytes when inflated; send smaller batches`)
    throw new AppError('invalid', 'the gzip of the body is broken', { cause })
  })
  hold.less(otlpBounds.inflatedBytes - whole.length)
  return whole
}
