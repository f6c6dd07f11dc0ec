/**
 * A stream that survives a lost connection: it goes on where it broke (Last-Event-ID), with growing pauses, and says so
 * in one quiet line per loss. The first connection is not retried: a wrong address must fail at once.
 */
import { sleep } from '#base/clock.ts'
import { AppError, isAppError } from '#base/errors.ts'
import type { Client } from '#contract/client.ts'
import type { Answer, CallInput, EndpointId } from '#contract/endpoints.ts'

export type FollowOptions<K extends EndpointId> = {
  signal?: AbortSignal
  /** Called once per loss, before the first new try. */
  onLost: () => void
  /** The input of a new try; by default the first one. */
  resume?: (input: CallInput<K>) => CallInput<K>
  /** Asked when the server ends the stream in good order: true = there is nothing more to come. */
  isOver?: () => Promise<boolean>
  /** Gives up after this many milliseconds without a connection. */
  giveUpAfterMs?: number
}

const firstPauseMs = 200
const longestPauseMs = 5000

export async function* follow<K extends EndpointId>(client: Client, id: K, input: CallInput<K>, options: FollowOptions<K>): AsyncGenerator<Answer<K>> {
  const { signal } = options
  let lastEventId: string | undefined
  let connected = false
  let pauseMs = firstPauseMs
  let lostAt: number | undefined
  let said = false
  while (true) {
    const asked = connected && options.resume ? options.resume(input) : input
    const onOpen = () => {
      connected = true
      lostAt = undefined
    }
    try {
      for await (const event of client.stream(id, asked, { onOpen, ...(signal ? { signal } : {}), ...(lastEventId === undefined ? {} : { lastEventId }) })) {
        pauseMs = firstPauseMs
        said = false
        if (event.id !== undefined) lastEventId = event.id
        yield event.data
      }
      if (options.isOver !== undefined && (await isOver(options.isOver))) return
    } catch (error) {
      if (signal?.aborted) return
      // Whatever isn't an answer of ours (a connection cut in the middle) means that there was a connection.
      if (isAppError(error) && (error.code !== 'unavailable' || !connected)) throw error
      connected = true
    }
    if (!said) options.onLost()
    said = true
    lostAt ??= performance.now()
    if (options.giveUpAfterMs !== undefined && performance.now() - lostAt > options.giveUpAfterMs) {
      throw new AppError('unavailable', `Nightshift has not answered for ${Math.round(options.giveUpAfterMs / 1000)} s (what was asked for goes on without this command)`)
    }
    try {
      await sleep(pauseMs, signal)
    } catch {
      return
    }
    pauseMs = Math.min(longestPauseMs, pauseMs * 2)
  }
}

/** A server that is away can't be asked: then it isn't over. */
async function isOver(ask: () => Promise<boolean>): Promise<boolean> {
  try {
    return await ask()
  } catch (error) {
    if (isAppError(error, 'unavailable')) return false
    throw error
  }
}

export const lostLine = 'connection lost; goes on where it broke as soon as Nightshift answers'
