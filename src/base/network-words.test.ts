import assert from 'node:assert/strict'
import { lookup } from 'node:dns/promises'
import { connect, createServer } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { once } from 'node:events'
import { test } from 'node:test'
import { networkWords } from './network-words.ts'

const thrownBy = (socket: NodeJS.EventEmitter) => once(socket, 'error').then(([error]: unknown[]) => error)

test('a port on which nothing listens, a host that does not exist, and a server without TLS are said in our words', async () => {
  const server = createServer((socket) => socket.on('error', () => {}).resume().end('220 hello\r\n')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const noTls = await thrownBy(connectTls({ port, host: '127.0.0.1' }))
  server.close()
  await once(server, 'close')
  const refused = await thrownBy(connect(port, '127.0.0.1'))
  const unknown = await lookup('nosuch.invalid').catch((error: unknown) => error)

  assert.match(networkWords(refused), new RegExp(`^nothing listens at 127\\.0\\.0\\.1:${port}: the connection was refused \\(`))
  assert.match(networkWords(refused, 'logs.example.com:514'), /nothing listens at logs\.example\.com:514 \(127\.0\.0\.1:\d+\)/)
  assert.match(networkWords(noTls, 'db:5432'), /^db:5432 does not speak TLS/)
  // without any network at all, DNS itself is what does not answer
  assert.match(networkWords(unknown), /"nosuch\.invalid"/)
  for (const error of [refused, noTls, unknown]) assert.doesNotMatch(networkWords(error), /\bE[A-Z_]{4,}\b|getaddrinfo|openssl/)
})

test('of several addresses of one name the last says it, an IPv6 address stands in brackets, and what is not of the network stays as it is', () => {
  const refused = (address: string) => Object.assign(new Error('connect'), { code: 'ECONNREFUSED', address, port: 80 })
  assert.match(networkWords(Object.assign(new AggregateError([refused('127.0.0.1'), refused('::1')]), { code: 'ECONNREFUSED' })), /nothing listens at \[::1\]:80/)
  assert.equal(networkWords(new Error('the answer holds no "Pay"')), 'the answer holds no "Pay"')
  assert.equal(networkWords('odd'), 'odd')
  assert.match(networkWords(Object.assign(new Error('expired'), { code: 'CERT_HAS_EXPIRED' })), /^its certificate has expired$/)
})
