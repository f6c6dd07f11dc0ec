import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { decode, encode, type Packet } from 'dns-packet'
import fc from 'fast-check'
import { type DnsServer, startDns } from './server.ts'
import type { ZoneInstance } from './zone.ts'

const zone: Record<string, ZoneInstance[]> = {
  'shop/production/web': [
    { id: 'ins_01a', host: '127.0.0.1', port: 4001 },
    { id: 'ins_01b', host: '127.0.0.1', port: 4002 },
    { id: 'ins_01c', host: '10.0.0.7', port: 4001 },
  ],
  'shop/staging/web': [{ id: 'ins_02a', host: '127.0.0.2', port: 5001 }],
  'shop/production/db': [],
  'shop/production/six': [{ id: 'ins_06a', host: 'fd00::1', port: 6001 }],
  'shop/production/many': Array.from({ length: 30 }, (_, n) => ({ id: `ins_m${n}`, host: `10.1.0.${n}`, port: 7000 + n })),
}
let server: DnsServer

before(async () => {
  server = await startDns({ host: '127.0.0.1', port: 0, lookup: (app, environment, service) => zone[`${app}/${environment}/${service}`] ?? null })
})
after(() => server.close())

/** A datagram may be lost, on loopback too when a flood fills the buffer: what is not answered is asked again. */
async function sendUdp(message: Buffer): Promise<Buffer> {
  const socket = createSocket('udp4')
  const send = () => socket.send(message, server.port, '127.0.0.1')
  const again = setInterval(send, 500)
  send()
  try {
    const [reply] = (await once(socket, 'message', { signal: AbortSignal.timeout(20_000) })) as [Buffer]
    return reply
  } finally {
    clearInterval(again)
    socket.close()
  }
}

type Reply = { code: string; answers: Record<string, unknown>[]; packet: Packet & { rcode: string; flag_tc: boolean; flag_aa: boolean } }
const read = (bytes: Buffer): Reply => {
  const packet = decode(bytes) as unknown as Reply['packet']
  return { code: packet.rcode, answers: (packet.answers ?? []) as unknown as Record<string, unknown>[], packet }
}
const query = (name: string, type: string, extra: Partial<Packet> = {}) => encode({ type: 'query', id: 7, questions: [{ name, type: type as 'A' }], ...extra })
const ask = async (name: string, type: string, extra: Partial<Packet> = {}) => read(await sendUdp(query(name, type, extra)))

async function askTcp(...messages: Buffer[]): Promise<Reply[]> {
  const socket = connect(server.port, '127.0.0.1')
  for (const message of messages) socket.write(Buffer.concat([Buffer.of(message.length >> 8, message.length & 255), message]))
  let heard = Buffer.alloc(0)
  const replies: Reply[] = []
  for await (const chunk of socket) {
    heard = Buffer.concat([heard, chunk as Buffer])
    while (heard.length >= 2 && heard.length >= 2 + heard.readUInt16BE(0)) {
      replies.push(read(heard.subarray(2, 2 + heard.readUInt16BE(0))))
      heard = heard.subarray(2 + heard.readUInt16BE(0))
    }
    if (replies.length === messages.length) break
  }
  return replies
}

test('a service has the addresses of its ready instances, each once, for a second', async () => {
  const { code, answers, packet } = await ask('web.shop.internal', 'A')
  assert.equal(code, 'NOERROR')
  assert.equal(packet.id, 7)
  assert.equal(packet.flag_aa, true)
  assert.deepEqual(answers.map((answer) => answer['data']).sort(), ['10.0.0.7', '127.0.0.1'])
  assert.ok(answers.every((answer) => answer['ttl'] === 1 && answer['name'] === 'web.shop.internal'))
})

test('another environment is named in the middle; case and a last dot do not matter', async () => {
  assert.deepEqual((await ask('web.staging.shop.internal', 'A')).answers.map((answer) => answer['data']), ['127.0.0.2'])
  assert.equal((await ask('web.production.shop.internal', 'A')).answers.length, 2)
  assert.equal((await ask('WEB.Shop.INTERNAL', 'A')).answers.length, 2)
})

test('SRV records carry ports, and their targets are answered too', async () => {
  for (const name of ['web.shop.internal', '_http._tcp.web.shop.internal', '_tcp.web.shop.internal']) {
    const { answers, packet } = await ask(name, 'SRV')
    const data = answers.map((answer) => answer['data'] as { port: number; target: string })
    assert.deepEqual(data.map(({ port, target }) => `${target}:${port}`).sort(), ['ins-01a.web.production.shop.internal:4001', 'ins-01b.web.production.shop.internal:4002', 'ins-01c.web.production.shop.internal:4001'])
    assert.equal(packet.additionals?.length, 3)
  }
  assert.deepEqual((await ask('ins-01c.web.production.shop.internal', 'A')).answers.map((answer) => answer['data']), ['10.0.0.7'])
  assert.equal((await ask('ins-09.web.production.shop.internal', 'A')).code, 'NXDOMAIN')
})

test('what does not exist is NXDOMAIN, what has nothing of that type is NODATA, what is outside is refused', async () => {
  const cases: [string, string, string][] = [
    ['web.other.internal', 'A', 'NXDOMAIN'],
    ['api.shop.internal', 'A', 'NXDOMAIN'],
    ['shop.internal', 'A', 'NXDOMAIN'],
    ['a.b.c.d.e.f.internal', 'A', 'NXDOMAIN'],
    ['web.shop.internal', 'AAAA', 'NOERROR'],
    ['web.shop.internal', 'TXT', 'NOERROR'],
    ['db.shop.internal', 'A', 'NOERROR'],
    ['db.shop.internal', 'SRV', 'NOERROR'],
    ['internal', 'A', 'NOERROR'],
    ['example.com', 'A', 'REFUSED'],
    ['internal.example.com', 'A', 'REFUSED'],
    ['.', 'NS', 'REFUSED'],
  ]
  for (const [name, type, code] of cases) {
    const reply = await ask(name, type)
    assert.equal(reply.code, code, `${name} ${type}`)
    assert.equal(reply.answers.length, 0, `${name} ${type}`)
    const soa = reply.packet.authorities?.[0]
    assert.equal(soa?.type, code === 'REFUSED' ? undefined : 'SOA', 'negative answers say for how long')
  }
  assert.deepEqual((await ask('six.shop.internal', 'AAAA')).answers.map((answer) => answer['data']), ['fd00::1'])
})

test('an answer too large for UDP is cut with TC, and whole over TCP', async () => {
  const small = await ask('many.shop.internal', 'A')
  assert.equal(small.packet.flag_tc, true)
  assert.equal(small.answers.length, 0)
  const opt = { type: 'OPT', name: '.', udpPayloadSize: 4096, flags: 0, options: [] } as never
  const larger = await sendUdp(query('many.shop.internal', 'A', { additionals: [opt] }))
  assert.ok(larger.length > 512 && larger.length <= 1232)
  assert.equal(read(larger).answers.length, 30)
  const [first, second] = await askTcp(query('many.shop.internal', 'A'), query('web.shop.internal', 'A'))
  assert.equal(first?.answers.length, 30)
  assert.equal(second?.answers.length, 2)
})

test('other classes, opcodes and question counts are declined', async () => {
  assert.equal(read(await sendUdp(encode({ type: 'query', id: 1, questions: [{ name: 'web.shop.internal', type: 'A', class: 'CH' }] }))).code, 'REFUSED')
  const status = query('web.shop.internal', 'A')
  status[2] = 2 << 3
  assert.equal(read(await sendUdp(status)).code, 'NOTIMP')
  assert.equal(read(await sendUdp(encode({ type: 'query', id: 1, questions: [] }))).code, 'FORMERR')
})

test('rubbish is answered with FORMERR or not at all, never to an answer, and never ends the server', async () => {
  // the answer comes from a port of its own: among the rubbish below there may be a query with any id
  const [socket, answering] = [createSocket('udp4'), createSocket('udp4')]
  let answeredResponse = false
  answering.on('message', () => {
    answeredResponse = true
  })
  answering.send(encode({ type: 'response', id: 9, questions: [{ name: 'web.shop.internal', type: 'A' }] }), server.port, '127.0.0.1')
  const valid = query('web.shop.internal', 'A')
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 64 }), fc.nat(valid.length - 1), fc.nat(255), async (noise, where, byte) => {
      const mutated = Buffer.from(valid)
      mutated[where] = byte
      await new Promise((resolve) => socket.send(noise, server.port, '127.0.0.1', resolve))
      await new Promise((resolve) => socket.send(mutated, server.port, '127.0.0.1', resolve))
    }),
    { numRuns: 300 },
  )
  const tcp = connect(server.port, '127.0.0.1')
  tcp.on('error', () => {})
  tcp.write(Buffer.of(0, 3, 1, 2, 3))
  await once(tcp, 'close')
  assert.equal((await ask('web.shop.internal', 'A')).code, 'NOERROR')
  assert.equal(answeredResponse, false)
  socket.close()
  answering.close()
})
