import { type AddressInfo, type ListenOptions, type Server, type Socket, createServer } from 'node:net'
import { socketBufferBytes } from './upstream.ts'

/** A TCP listener whose handler can be exchanged while it runs. */
export type Listener = { server: Server; port: number; close(): Promise<void> }

/** Rejects with the system's error (EADDRINUSE, EADDRNOTAVAIL, EACCES). */
export async function listen(address: ListenOptions, onConnection: (socket: Socket) => void): Promise<Listener> {
  const server = createServer({ noDelay: true, highWaterMark: socketBufferBytes, keepAlive: true, keepAliveInitialDelay: 60_000, allowHalfOpen: true }, onConnection)
  await bind(server, address)
  return { server, port: (server.address() as AddressInfo).port, close: () => stop(server) }
}

export function bind(server: Server, address: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ backlog: 4096, ...address }, () => {
      server.off('error', reject)
      server.on('error', () => {})
      resolve()
    })
  })
}

/** Takes no new connection; those there are live on. */
export function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    resolve()
  })
}
