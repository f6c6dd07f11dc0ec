/** One question to one server over UDP, again over TCP when the answer did not fit (RFC 1035 4.2, RFC 7766). */
import { createSocket } from 'node:dgram'
import { randomInt } from 'node:crypto'
import { getServers } from 'node:dns'
import { isIPv6 } from 'node:net'
import dnsPacket, { type DecodedPacket, type Packet, type RecordType } from 'dns-packet'
import type { CheckConfig } from '#contract/check-kinds.ts'
import { withLatency } from '../latency.ts'
import { type Place, open, placeOf, readUntil, splitAddress } from '../net.ts'
import type { RunCheck, RunContext, Said } from '../port.ts'

type Config = CheckConfig<'dns'>
const recursionDesired = 1 << 8

export const runDns: RunCheck<Config> = async (config, context) => {
  const place = await serverOf(config, context)
  const packet: Packet = { type: 'query', id: randomInt(1, 65_535), flags: recursionDesired, questions: [{ type: config.type as RecordType, name: config.name.replace(/\.$/, '') }] }
  const started = performance.now()
  let answer = dnsPacket.decode(await overUdp(dnsPacket.encode(packet), place, context.signal))
  if (answer.flag_tc) answer = await overTcp(packet, place, context.signal)
  if (answer.id !== packet.id) throw new Error('the server answered another question')
  return withLatency(judgeAnswer(answer, config), performance.now() - started, config)
}

/** The machine's own server is no target that a person chose, so that it may be an inner one. */
async function serverOf(config: Config, context: RunContext): Promise<Place> {
  if (config.resolver !== undefined) return placeOf(config.resolver, config.port, context)
  const [first = '127.0.0.1'] = getServers()
  if (isIPv6(first) || !first.includes(':')) return { address: first, port: 53 }
  const { host, port } = splitAddress(first)
  return { address: host, port }
}

export function judgeAnswer(answer: Pick<DecodedPacket, 'answers'> & { rcode?: string }, { name, type, expect, exact }: Config): Said {
  const code = answer.rcode ?? 'NOERROR'
  if (code !== 'NOERROR') return { status: 'err', message: `the server answered ${code} for ${name}` }
  const found = (answer.answers ?? []).filter((record) => record.type === type).map(textOf)
  const metrics = [{ name: 'answers', value: found.length }]
  if (found.length === 0) return { status: 'err', message: `${name} has no ${type} record`, metrics }
  const wanted = expect.map(plain)
  const missing = wanted.filter((one) => !found.includes(one))
  if (missing.length > 0) return { status: 'err', message: `${type} of ${name} is ${found.join(', ')}, without ${missing.join(', ')}`, metrics }
  const others = exact ? found.filter((one) => !wanted.includes(one)) : []
  if (others.length > 0) return { status: 'err', message: `${type} of ${name} has ${others.join(', ')} too`, metrics }
  return { status: 'ok', message: found.join(', ').slice(0, 200), metrics }
}

const plain = (text: string) => text.trim().toLowerCase().replace(/\.$/, '')

/** As it would stand in a zone file, without the final dots. */
function textOf(record: { type: string; data?: unknown }): string {
  const data = record.data as Record<string, unknown> | string | (string | Buffer)[] | Buffer
  if (record.type === 'TXT') return (Array.isArray(data) ? data : [data]).map(String).join('').toLowerCase()
  if (record.type === 'MX') return plain(`${(data as { preference: number }).preference} ${(data as { exchange: string }).exchange}`)
  if (record.type === 'SRV') {
    const srv = data as { priority: number; weight: number; port: number; target: string }
    return plain(`${srv.priority} ${srv.weight} ${srv.port} ${srv.target}`)
  }
  if (record.type === 'SOA') return plain(`${(data as { mname: string }).mname} ${(data as { serial: number }).serial}`)
  if (record.type === 'CAA') return plain(`${(data as { flags: number }).flags} ${(data as { tag: string }).tag} "${(data as { value: string }).value}"`)
  return plain(String(data))
}

function overUdp(question: Buffer, { address, port }: Place, signal: AbortSignal): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const socket = createSocket({ type: isIPv6(address) ? 'udp6' : 'udp4' })
  const onAbort = () => reject(signal.reason as Error)
  signal.addEventListener('abort', onAbort, { once: true })
  socket.on('error', reject)
  socket.on('message', resolve)
  // connected, so that nobody else can answer, and a closed port is an error at once
  socket.connect(port, address, () => socket.send(question, (error) => error && reject(error)))
  return promise.finally(() => {
    signal.removeEventListener('abort', onAbort)
    socket.close()
  })
}

async function overTcp(packet: Packet, place: Place, signal: AbortSignal): Promise<DecodedPacket> {
  const socket = await open(place, null, signal)
  try {
    socket.write(dnsPacket.streamEncode(packet))
    const data = await readUntil(socket, (heard) => heard.length >= 2 && heard.length >= 2 + heard.readUInt16BE(0), 65_537)
    return dnsPacket.decode(data.subarray(2))
  } finally {
    socket.destroy()
  }
}
