import { Agent, request } from 'node:http'
import { loopback } from '#test/harness/request-loop.ts'

/** Times are milliseconds on performance.now(); latency counts from when the request was due, so that a late sender hides nothing. */
export type Outcome = { method: 'GET' | 'POST'; dueAt: number; endedAt: number; /** Of who answered; null: it failed. */ process: string | null; because: string | null }

export type Load = {
  readonly outcomes: readonly Outcome[]
  /** When the oldest request that has no answer yet was due; null: all have one. */
  waitingSince(): number | null
  stop(): Promise<readonly Outcome[]>
}

/**
 * Open loop: `rate` requests a second whatever becomes of them, every fifth a POST with an id of its own. Connections are kept,
 * as a browser or another proxy would. A request without an answer after `timeoutMs` has failed.
 */
export function startLoad(url: string, options: { rate: number; timeoutMs: number; run: string }): Load {
  const outcomes: Outcome[] = []
  const agent = new Agent({ keepAlive: true, maxSockets: 512 })
  const open = new Map<Promise<void>, number>()
  const from = performance.now()
  let sent = 0

  function send(dueAt: number, nth: number): Promise<void> {
    const method = nth % 5 === 4 ? 'POST' : 'GET'
    const path = method === 'POST' ? `/${options.run}-${nth}` : '/'
    return new Promise((resolve) => {
      let isOver = false
      const end = (process: string | null, because: string | null) => {
        if (isOver) return
        isOver = true
        outcomes.push({ method, dueAt, endedAt: performance.now(), process, because })
        resolve()
      }
      const call = request(url + path, { method, agent, lookup: loopback, timeout: options.timeoutMs }, (response) => {
        response.resume()
        response.on('error', (error) => end(null, error.message))
        response.on('close', () => end(null, 'cut off'))
        response.on('end', () => end(response.statusCode === 200 ? String(response.headers['x-process']) : null, response.statusCode === 200 ? null : String(response.statusCode)))
      })
      const limit = setTimeout(() => call.destroy(new Error('timeout')), options.timeoutMs)
      call.on('close', () => clearTimeout(limit))
      call.on('error', (error) => end(null, (error as NodeJS.ErrnoException).code ?? error.message))
      call.end()
    })
  }

  const timer = setInterval(() => {
    for (const due = ((performance.now() - from) / 1000) * options.rate; sent < due; sent++) {
      const dueAt = from + (sent / options.rate) * 1000
      const one = send(dueAt, sent)
      open.set(one, dueAt)
      void one.then(() => open.delete(one))
    }
  }, 2)
  return {
    outcomes,
    waitingSince: () => open.values().next().value ?? null, // a map keeps the order in which they were sent
    async stop() {
      clearInterval(timer)
      await Promise.all(open.keys())
      agent.destroy()
      return outcomes
    },
  }
}
