import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { loopback } from '#test/harness/request-loop.ts'

export type Answer = { status: number; /** Of who answered. */ process: string; words: string }

/** One request on a connection of its own; null: no answer within `timeoutMs`. */
export function ask(url: string, timeoutMs = 1_000): Promise<Answer | null> {
  return new Promise((resolve) => {
    const call = request(url, { lookup: loopback, agent: false, signal: AbortSignal.timeout(timeoutMs) }, (response) => {
      text(response).then((words) => resolve({ status: response.statusCode ?? 0, process: String(response.headers['x-process']), words }), () => resolve(null))
    })
    call.on('error', () => resolve(null))
    call.end()
  })
}

export const answers = async (url: string): Promise<boolean> => (await ask(url))?.status === 200
