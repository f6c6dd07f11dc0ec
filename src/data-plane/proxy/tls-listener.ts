import type { AddressInfo, ListenOptions } from 'node:net'
import { createServer, type TLSSocket } from 'node:tls'
import type { Certificates } from './certificates.ts'
import { bind, type Listener, stop } from './listener.ts'

/** TLS 1.2 and 1.3; the protocol by ALPN. Without a fitting certificate the handshake fails. */
export async function listenTls(
  address: ListenOptions,
  certificates: Certificates,
  handlers: { http1(socket: TLSSocket): void; http2(socket: TLSSocket): void },
): Promise<Listener> {
  const server = createServer({
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 60_000,
    allowHalfOpen: true,
    minVersion: 'TLSv1.2',
    handshakeTimeout: 10_000,
    ALPNProtocols: ['h2', 'http/1.1'],
    SNICallback: (name, done) => done(null, certificates.find(name)),
  })
  server.on('secureConnection', (socket) => {
    if (socket.alpnProtocol === 'h2') handlers.http2(socket)
    else handlers.http1(socket)
  })
  if (certificates.firstPem !== null) server.setSecureContext({ ...certificates.firstPem, minVersion: 'TLSv1.2' })
  certificates.onFirst = (pem) => server.setSecureContext({ ...pem, minVersion: 'TLSv1.2' })
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  await bind(server, address)
  return { server, port: (server.address() as AddressInfo).port, close: () => stop(server) }
}
