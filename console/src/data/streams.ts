/**
 * Server-sent events that go on: a broken stream is opened again where it broke, with growing pauses; a hidden page holds
 * none (a browser allows six connections to one host) and catches up when it is looked at again.
 */
import { sleep } from '#base/clock.ts'
import { isAppError } from '#base/errors.ts'
import type { Answer, CallInput, EndpointId } from '#contract/endpoints.ts'
import { api } from './api.ts'
import { connection } from './connection.ts'

type Options = {
  signal: AbortSignal
  lastEventId?: string | undefined
  /** Goes on after the server has ended it properly; off for streams that have an end, as a build's. */
  endless: boolean
}

const pausesMs = [300, 600, 1000, 2000, 4000]

export async function follow<K extends EndpointId>(id: K, input: CallInput<K>, take: (data: Answer<K>, eventId: string | undefined) => void, options: Options): Promise<void> {
  try {
    await followOn(id, input, take, options)
  } finally {
    connection.restored(id) // nobody waits for it any more
  }
}

async function followOn<K extends EndpointId>(id: K, input: CallInput<K>, take: (data: Answer<K>, eventId: string | undefined) => void, { signal, lastEventId, endless }: Options): Promise<void> {
  let position = lastEventId
  for (let tries = 0; !signal.aborted; ) {
    await visible(signal)
    const hide = new AbortController()
    const onHide = () => document.visibilityState === 'hidden' && hide.abort(new Error('the page is hidden'))
    document.addEventListener('visibilitychange', onHide)
    try {
      const from = position === undefined ? {} : { lastEventId: position }
      for await (const event of api.stream(id, input, { signal: AbortSignal.any([signal, hide.signal]), onOpen: () => connection.restored(id), ...from })) {
        tries = 0
        position = event.id ?? position
        take(event.data, event.id)
      }
      if (!endless) return
    } catch (error) {
      if (signal.aborted) return
      if (!hide.signal.aborted) {
        const isFinal = isAppError(error) && error.code !== 'unavailable' && error.code !== 'internal' && error.code !== 'limited'
        if (isFinal) throw error
        connection.lost(id)
      }
    } finally {
      document.removeEventListener('visibilitychange', onHide)
    }
    if (!hide.signal.aborted) await sleep(pausesMs[Math.min(tries++, pausesMs.length - 1)] as number, signal).catch(() => {})
  }
}

function visible(signal: AbortSignal): Promise<void> {
  if (document.visibilityState === 'visible') return Promise.resolve()
  return new Promise((resolve) => {
    const check = () => {
      if (document.visibilityState === 'hidden' && !signal.aborted) return
      document.removeEventListener('visibilitychange', check)
      signal.removeEventListener('abort', check)
      resolve()
    }
    document.addEventListener('visibilitychange', check)
    signal.addEventListener('abort', check)
  })
}
