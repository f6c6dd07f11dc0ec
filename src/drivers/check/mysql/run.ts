/** The greeting of a MySQL or MariaDB server: protocol version 10 (or an error packet), then its version. No login. */
import type { CheckConfig } from '#contract/check-kinds.ts'
import { withLatency } from '../latency.ts'
import { open, placeOf, readUntil, splitAddress } from '../net.ts'
import type { RunCheck, Said } from '../port.ts'
import { brief, matches } from '../texts.ts'

export const runMysql: RunCheck<CheckConfig<'mysql'>> = async (config, context) => {
  const { host, port } = splitAddress(config.address)
  const started = performance.now()
  const socket = await open(await placeOf(host, port, context), null, context.signal)
  try {
    const packet = await readUntil(socket, (data) => data.length >= 4 && data.length >= 4 + data.readUIntLE(0, 3), 8192)
    return withLatency(await readGreeting(packet, config.version, context.signal), performance.now() - started, config)
  } finally {
    socket.destroy()
  }
}

export async function readGreeting(packet: Buffer, wanted: string | undefined, signal: AbortSignal): Promise<Said> {
  const kind = packet[4]
  if (packet.length < 7) return { status: 'err', message: 'it said nothing that a MySQL server says' }
  if (kind === 0xff) return { status: 'err', message: `the server refuses: ${brief(packet.subarray(7).toString('utf8').replace(/^#\w{5}/, ''))} (${packet.readUInt16LE(5)})` }
  const end = packet.indexOf(0, 5)
  if (kind !== 10 || end < 0) return { status: 'err', message: `it does not greet as a MySQL server does: ${brief(packet.toString('utf8'), 60)}` }
  const version = packet.toString('utf8', 5, end)
  return wanted === undefined || (await matches(version, wanted, signal)) ? { status: 'ok', message: version } : { status: 'err', message: `its version is ${brief(version, 60)}, which does not hold ${wanted}` }
}
