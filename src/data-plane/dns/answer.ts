import { isIPv4, isIPv6 } from 'node:net'
import type { Answer, Packet, Question as PacketQuestion } from 'dns-packet'
import { instanceLabel, questionOf, type ZoneInstance, type ZoneLookup } from './zone.ts'

/**
 * One query, one answer, nothing remembered. Authoritative for `internal`, and for nothing else: this is no resolver,
 * and what is outside is refused. Everything lives one second, so that a stopped instance is forgotten at once.
 */
const ttl = 1
const rcodes = { ok: 0, format: 1, unknown: 3, unsupported: 4, refused: 5 } as const
const authoritative = 1 << 10
const recursionDesired = 1 << 8

/** A decoded query; dns-packet does not type the opcode. */
export type Query = Packet & { opcode?: string }

export function answerOf(query: Query, lookup: ZoneLookup): Packet {
  const flags = authoritative | ((query.flags ?? 0) & recursionDesired)
  const reply: Packet = { type: 'response', id: query.id ?? 0, flags, questions: query.questions ?? [], answers: [], authorities: [], additionals: [] }
  if (query.additionals?.some((record) => record.type === 'OPT')) reply.additionals = [edns()]
  const [question] = reply.questions ?? []
  if (query.opcode !== undefined && query.opcode !== 'QUERY') return withCode(reply, rcodes.unsupported)
  if (question === undefined || reply.questions?.length !== 1) return withCode(reply, rcodes.format)
  if (question.class !== undefined && question.class !== 'IN' && question.class !== 'ANY') return withCode(reply, rcodes.refused)
  return fill(reply, question, lookup)
}

function fill(reply: Packet, question: PacketQuestion, lookup: ZoneLookup): Packet {
  const asked = questionOf(question.name)
  if (asked.kind === 'outside') return withCode({ ...reply, flags: (reply.flags ?? 0) & ~authoritative }, rcodes.refused)
  if (asked.kind === 'unknown') return negative(reply, rcodes.unknown)
  if (asked.kind === 'apex') return question.type === 'SOA' ? { ...reply, answers: [soa()] } : negative(reply, rcodes.ok)
  const ready = lookup(asked.app, asked.environment, asked.service)
  if (ready === null) return negative(reply, rcodes.unknown)
  if (asked.kind === 'instance') {
    const one = ready.filter((instance) => instanceLabel(instance.id) === asked.label)
    if (one.length === 0) return negative(reply, rcodes.unknown)
    return positive(reply, addresses(question.name, one, question.type))
  }
  if (question.type !== 'SRV') return positive(reply, asked.srvPrefix ? [] : addresses(question.name, ready, question.type))
  const zone = `${asked.service}.${asked.environment}.${asked.app}.internal`
  const services: Answer[] = ready.map((instance) => ({
    type: 'SRV',
    name: question.name,
    ttl,
    data: { priority: 0, weight: 10, port: instance.port, target: `${instanceLabel(instance.id)}.${zone}` },
  }))
  const extra = ready.flatMap((instance) => addresses(`${instanceLabel(instance.id)}.${zone}`, [instance], 'ANY'))
  return positive({ ...reply, additionals: [...(extra as Answer[]), ...(reply.additionals ?? [])] }, services)
}

/** One record an address: instances of one machine share theirs. In a new order each time, for clients that take the first. */
function addresses(name: string, instances: readonly ZoneInstance[], type: string): Answer[] {
  const hosts = [...new Set(instances.map((instance) => instance.host))]
  const start = hosts.length === 0 ? 0 : Math.floor(Math.random() * hosts.length)
  const answers: Answer[] = []
  for (const host of [...hosts.slice(start), ...hosts.slice(0, start)]) {
    if (isIPv4(host) && (type === 'A' || type === 'ANY')) answers.push({ type: 'A', name, ttl, data: host })
    else if (isIPv6(host) && (type === 'AAAA' || type === 'ANY')) answers.push({ type: 'AAAA', name, ttl, data: host })
  }
  return answers
}

function positive(reply: Packet, answers: Answer[]): Packet {
  return answers.length === 0 ? negative(reply, rcodes.ok) : { ...reply, answers }
}

/** NXDOMAIN or NODATA, with the SOA that says for how long that may be believed (RFC 2308). */
function negative(reply: Packet, code: number): Packet {
  return withCode({ ...reply, authorities: [soa()] }, code)
}

function withCode(reply: Packet, code: number): Packet {
  return { ...reply, flags: (reply.flags ?? 0) | code }
}

function soa(): Answer {
  return {
    type: 'SOA',
    name: 'internal',
    ttl,
    data: { mname: 'ns.internal', rname: 'hostmaster.internal', serial: 1, refresh: 1, retry: 1, expire: 1, minimum: ttl },
  }
}

function edns(): Answer {
  return { type: 'OPT', name: '.', udpPayloadSize: maxUdpBytes, flags: 0, options: [], extendedRcode: 0, ednsVersion: 0, flag_do: false } as unknown as Answer
}

/** What fits one Ethernet frame unfragmented (DNS flag day 2020). */
const maxUdpBytes = 1232

/** Bytes of answer that the asker takes over UDP. */
export function udpLimit(query: Packet): number {
  const opt = query.additionals?.find((record) => record.type === 'OPT') as { udpPayloadSize?: number } | undefined
  return Math.min(maxUdpBytes, Math.max(512, opt?.udpPayloadSize ?? 512))
}
