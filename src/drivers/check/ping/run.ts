/** The system's `ping`, by arguments: raw sockets need rights that neither control nor an agent should have. */
import { execFile } from 'node:child_process'
import { isIPv6 } from 'node:net'
import { formatDuration } from '#base/units.ts'
import type { CheckConfig } from '#contract/check-kinds.ts'
import { withLatency } from '../latency.ts'
import { placeOf } from '../net.ts'
import type { RunCheck, Said } from '../port.ts'
import { brief } from '../texts.ts'

export const runPing: RunCheck<CheckConfig<'ping'>> = async (config, context) => {
  const { address } = await placeOf(config.host, 0, context)
  const seconds = Math.max(1, Math.floor(context.timeoutMs / 1000))
  const { code, output } = await ping([isIPv6(address) ? '-6' : '-4', '-n', '-q', '-c', String(config.count), '-i', '0.2', '-w', String(seconds), '--', address], context.signal)
  return readPing(output, code, config)
}

function ping(argv: string[], signal: AbortSignal): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    execFile('ping', argv, { signal, maxBuffer: 64 * 1024, env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' } }, (error, stdout, stderr) => {
      if (error?.code === 'ENOENT') return reject(new Error('this machine has no ping (install iputils-ping)'))
      if (signal.aborted) return reject(signal.reason as Error)
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: `${stdout}${stderr}` })
    })
  })
}

/** The summary of iputils and busybox. */
export function readPing(output: string, code: number | null, config: CheckConfig<'ping'>): Said {
  const counts = /(\d+) packets transmitted, (\d+)(?: packets)? received/.exec(output)
  if (!counts) return { status: 'err', message: /not permitted|permission denied/i.test(output) ? `this machine lets Nightshift send no pings (${brief(output, 100)}; allow its group in net.ipv4.ping_group_range)` : `ping ended with ${code}: ${brief(output)}` }
  const [sent, received] = [Number(counts[1]), Number(counts[2])]
  const lost = sent === 0 ? 100 : ((sent - received) / sent) * 100
  const times = /= ([\d.]+)\/([\d.]+)\/([\d.]+)/.exec(output)
  const avgMs = times ? Number(times[2]) : 0
  const metrics = [{ name: 'loss', value: Math.round(lost * 10) / 10, unit: '%' }, ...(times ? [{ name: 'rtt', value: avgMs, unit: 'ms' }] : [])]
  if (received === 0 || lost > config.loss) return { status: 'err', message: `${received} of ${sent} packets came back`, metrics }
  return { ...withLatency({ status: 'ok', message: `${received} of ${sent} came back, ${formatDuration(avgMs)}` }, avgMs, config), metrics }
}
