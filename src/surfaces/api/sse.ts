import { once } from 'node:events'
import type { FastifyReply } from 'fastify'
import { sleep } from '#base/clock.ts'
import { isAppError } from '#base/errors.ts'
import { problemOf } from './problem.ts'

const heartbeatMs = 15_000
/** How long an answer waits for a first event or error before it promises a stream. */
const firstEventMs = 50

/**
 * Streams server-sent events (HTML standard, 9.2) until the generator ends or the client leaves. An error before the
 * first event (if it comes quickly) is an ordinary problem; later it is sent as an event named `problem`, and so is the
 * reason of `signal` when it is an AppError (the credential has ended).
 */
export async function sendEvents(reply: FastifyReply, events: AsyncGenerator<{ id?: string; data: unknown }>, signal: AbortSignal): Promise<FastifyReply> {
  let item = events.next()
  await Promise.race([item, sleep(firstEventMs)])
  reply.hijack()
  const { raw } = reply
  raw.writeHead(200, { ...(reply.getHeaders() as Record<string, string>), 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
  raw.write(': welcome\n\n')
  const heartbeat = setInterval(() => raw.write(': still here\n\n'), heartbeatMs)
  const stop = () => void events.return(undefined)
  signal.addEventListener('abort', stop, { once: true })
  try {
    for (let next = await item; !next.done && !signal.aborted; next = await item) {
      const { id, data } = next.value
      const frame = `${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`
      if (!raw.write(frame)) await once(raw, 'drain', { signal })
      item = events.next()
    }
  } catch (error) {
    if (!signal.aborted) raw.write(problemEvent(error))
  } finally {
    clearInterval(heartbeat)
    signal.removeEventListener('abort', stop)
    if (isAppError(signal.reason)) raw.write(problemEvent(signal.reason))
    raw.end()
    await events.return(undefined)
  }
  return reply
}

const problemEvent = (error: unknown) => `event: problem\ndata: ${JSON.stringify(problemOf(error).problem)}\n\n`
