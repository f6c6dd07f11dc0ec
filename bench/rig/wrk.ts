import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

export type Load = { requestsPerSecond: number; requests: number; p50Ms: number; p99Ms: number; /** Answers of 400 and above, and broken connections. */ errors: number }

const run = promisify(execFile)

/** One thread of wrk on the given cores, keep-alive connections, closed loop. */
export async function runWrk(url: string, options: { cores: string; connections: number; seconds: number; host: string }): Promise<Load> {
  const { cores, connections, seconds, host } = options
  const { stdout } = await run('taskset', ['-c', cores, 'wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '5s', '--latency', '-H', `Host: ${host}`, url], { timeout: (seconds + 30) * 1000 })
  const number = (pattern: RegExp) => Number(pattern.exec(stdout)?.[1] ?? 0)
  const socketErrors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(stdout)?.slice(1) ?? []
  return {
    requestsPerSecond: number(/Requests\/sec:\s+([\d.]+)/),
    requests: number(/(\d+) requests in/),
    p50Ms: milliseconds(/^\s+50%\s+(\S+)/m.exec(stdout)?.[1]),
    p99Ms: milliseconds(/^\s+99%\s+(\S+)/m.exec(stdout)?.[1]),
    errors: socketErrors.reduce((sum, each) => sum + Number(each), number(/Non-2xx or 3xx responses: (\d+)/)),
  }
}

function milliseconds(text = ''): number {
  const factor = text.endsWith('us') ? 0.001 : text.endsWith('ms') ? 1 : 1000
  return Number.parseFloat(text) * factor
}
