import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Frames } from './frames.ts'
import { parseListening } from './listen.ts'
import { lineText, parseSyslog } from './message.ts'

const now = new Date('2026-11-28T03:12:00Z')
const parse = (text: string) => parseSyslog(text, now)

// the examples of RFC 5424, 6.5, and RFC 3164, 5.4
test('the examples of the RFCs mean what they say', () => {
  assert.deepEqual(parse("<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \ufeff'su root' failed for lonvick on /dev/pts/8"), {
    at: '2003-10-11T22:14:15.003Z', level: 'error', facility: 'auth', host: 'mymachine.example.com', program: 'su', pid: null, id: 'ID47', data: {}, text: "'su root' failed for lonvick on /dev/pts/8",
  })
  const structured = parse('<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - [exampleSDID@32473 iut="3" eventSource="A\\"p\\]p"][examplePriority@32473 class="high"] said')
  assert.deepEqual([structured.at, structured.level, structured.pid, structured.text], ['2003-08-24T12:14:15.000Z', 'info', '8710', 'said'])
  assert.deepEqual(structured.data, { 'exampleSDID@32473.iut': '3', 'exampleSDID@32473.eventSource': 'A"p]p', 'examplePriority@32473.class': 'high' })
  assert.deepEqual(parse('<165>1 2003-10-11T22:14:15.003Z h a - - [x@1 a="b"]').text, '')
  const old = parse("<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8")
  assert.deepEqual([old.host, old.program, old.text, old.facility, old.at], ['mymachine', 'su', "'su root' failed for lonvick on /dev/pts/8", 'auth', new Date(2026, 9, 11, 22, 14, 15).toISOString()])
  assert.deepEqual(parse('Use the BFG!'), { at: null, level: 'info', facility: 'user', host: null, program: null, pid: null, id: null, data: {}, text: 'Use the BFG!' })
})

test('what programs send beside the RFCs is understood, too', () => {
  assert.deepEqual([parse('<13>Nov 28 03:11:00 sshd[312]: in').program, parse('<13>Nov 28 03:11:00 sshd[312]: in').pid, parse('<13>Nov 28 03:11:00 sshd[312]: in').host], ['sshd', '312', null])
  assert.equal(parse('<12>2026-11-28T03:11:00.5+01:00 db01 kernel: oom').at, '2026-11-28T02:11:00.500Z')
  assert.equal(parse('<13>Dec 31 23:59:00 h p: old').at, new Date(2025, 11, 31, 23, 59).toISOString(), 'of the year before')
  assert.equal(parse('<999>1 - - - - - - x').facility, 'user')
  assert.deepEqual(JSON.parse(lineText(parse('<11>1 - db01 pg 5 - [a@1 b="c"] slow'))), { level: 'error', program: 'pg', pid: '5', facility: 'user', host: 'db01', msg: 'slow', data: { 'a@1.b': 'c' } })
})

test('whatever comes in is a message', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.string().map((text) => `<34>1 ${text}`), fc.string({ unit: fc.constantFrom('[', ']', '"', '\\', '=', ' ', 'a', '1', '<', '>', ':') }).map((text) => `<34>1 - h a p i ${text}`)), (text) => {
    const message = parse(text)
    assert.equal(typeof JSON.parse(lineText(message)).msg, 'string')
    assert.ok(message.at === null || !Number.isNaN(Date.parse(message.at)))
  }))
})

test('a stream is cut alike however its bytes arrive, by counted octets and by line feeds', () => {
  const text = fc.string({ minLength: 1, maxLength: 40 }).map((one) => `<1>${one.replace(/[\n\r]/g, ' ')}`)
  fc.assert(
    fc.property(fc.array(fc.record({ text, counted: fc.boolean() })), fc.array(fc.nat(30)), (messages, cuts) => {
      const bytes = Buffer.concat(messages.map(({ text: one, counted }) => Buffer.from(counted ? `${Buffer.byteLength(one)} ${one}` : `${one}\n`)))
      const frames = new Frames()
      const got: string[] = []
      for (let at = 0, nth = 0; at < bytes.length; nth++) {
        const length = 1 + (cuts[nth % Math.max(1, cuts.length)] ?? bytes.length)
        got.push(...frames.add(bytes.subarray(at, at + length)))
        at += length
      }
      got.push(...frames.end())
      assert.deepEqual(got, messages.map((message) => message.text.toWellFormed()))
    }),
  )
})

test('a message that is too long is cut, and the next one is whole', () => {
  for (const frame of [(text: string) => `${text.length} ${text}`, (text: string) => `${text}\n`]) {
    const frames = new Frames()
    const got = [...frames.add(Buffer.from(frame('x'.repeat(200_000)))), ...frames.add(Buffer.from(frame('next')))]
    assert.deepEqual(got.map((one) => one.length), [65_536, 4])
  }
})

test('places to listen on have one grammar', () => {
  assert.deepEqual(parseListening('udp://127.0.0.1:5514, tls://[::]:6514'), [{ over: 'udp', host: '127.0.0.1', port: 5514 }, { over: 'tls', host: '::', port: 6514 }])
  assert.deepEqual(parseListening(''), [])
  for (const bad of ['5514', 'udp://0.0.0.0', 'http://0.0.0.0:1', 'udp://host:1', 'tcp://0.0.0.0:99999']) assert.throws(() => parseListening(bad), { code: 'invalid' }, bad)
})
