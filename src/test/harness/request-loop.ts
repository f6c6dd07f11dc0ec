import { request } from 'node:http'
import type { LookupFunction } from 'node:net'
import { performance } from 'node:perf_hooks'

export type LoopResult = {
  sent: number
  ok: number
  /** What went wrong, and how often: `502`, `ECONNRESET`, `timeout`. */
  failures: Record<string, number>
  failed: number
  /** Milliseconds of the slowest answer. */
  slowestMs: number
}

/**
 * An open-loop caller: sends `rate` requests a second whatever the answers do, so that a pause shows as late or failed
 * requests instead of as fewer of them. Each request uses a connection of its own unless `agent` says otherwise.
 * An answer counts as failed when its status is 400 or more, or `expect` says no.
 */
export function requestLoop(
  url: string,
  options: {
    /** Requests a second. */
    rate: number
    method?: string
    body?: string
    headers?: Record<string, string>
    timeoutMs?: number
    expect?: (status: number, body: string) => boolean
  },
): { result(): LoopResult; stop(): Promise<LoopResult> } {
  const result: LoopResult = { sent: 0, ok: 0, failures: {}, failed: 0, slowestMs: 0 }
  const open = new Set<Promise<void>>()
  const startedAt = performance.now()

  function fail(because: string) {
    result.failed++
    result.failures[because] = (result.failures[because] ?? 0) + 1
  }

  function send(): Promise<void> {
    result.sent++
    const sentAt = performance.now()
    return new Promise((resolve) => {
      let done = false
      const end = (because?: string) => {
        if (done) return
        done = true
        result.slowestMs = Math.max(result.slowestMs, performance.now() - sentAt)
        if (because === undefined) result.ok++
        else fail(because)
        resolve()
      }
      const call = request(
        url,
        { method: options.method ?? 'GET', headers: options.headers ?? {}, agent: false, timeout: options.timeoutMs ?? 30_000, lookup: loopback },
        (response) => {
          let body = ''
          response.setEncoding('utf8')
          response.on('data', (chunk: string) => (body += chunk))
          response.on('error', (error) => end((error as NodeJS.ErrnoException).code ?? error.message))
          response.on('close', () => end(response.complete ? undefined : 'cut off'))
          response.on('end', () => {
            const status = response.statusCode ?? 0
            const good = options.expect ? options.expect(status, body) : status < 400
            end(good ? undefined : String(status))
          })
        },
      )
      call.on('timeout', () => call.destroy(new Error('timeout')))
      call.on('error', (error) => end((error as NodeJS.ErrnoException).code ?? error.message))
      call.end(options.body)
    })
  }

  const timer = setInterval(() => {
    for (const due = ((performance.now() - startedAt) / 1000) * options.rate; result.sent < due; ) {
      const one = send()
      open.add(one)
      void one.then(() => open.delete(one))
    }
  }, Math.max(1, Math.min(20, 1000 / options.rate)))

  return {
    result: () => ({ ...result, failures: { ...result.failures } }),
    async stop() {
      clearInterval(timer)
      await Promise.all(open)
      return result
    },
  }
}

/** Every name is this machine (`shop.localhost` needs no resolver). */
export const loopback: LookupFunction = (_host, options, callback) => {
  if (options.all) callback(null, [{ address: '127.0.0.1', family: 4 }])
  else callback(null, '127.0.0.1', 4)
}
