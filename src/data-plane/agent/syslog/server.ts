/**
 * Syslog that comes in over UDP, TCP or TLS. Nobody is asked who they are: it is off unless an operator says where to listen. Messages go to
 * a spool of bounded size; a TCP sender is read no faster than they are written.
 */
import { type Socket as UdpSocket, createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type Server, type Socket, createServer } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { messageOf } from '#base/errors.ts'
import type { Log } from '../log.ts'
import { Frames } from './frames.ts'
import type { Listening } from './listen.ts'

const maxConnections = 500
const quietMs = 15 * 60_000

export type SyslogSink = {
  /** False: that was taken, but no more should come until `ready`. */
  take(message: string, from: string): boolean
  ready(): Promise<void>
}

export type SyslogServer = { /** As they are: a port 0 is a number now. */ places: Listening[]; close(): Promise<void> }

export async function openSyslogServer(options: { places: readonly Listening[]; certificate: { cert: string; key: string } | null; sink: SyslogSink; log: Log }): Promise<SyslogServer> {
  const { sink, log, certificate } = options
  const places: Listening[] = []
  const closers: (() => Promise<unknown>)[] = []
  for (const place of options.places) {
    try {
      const opened = place.over === 'udp' ? await openUdp(place, sink) : await openStream(place, certificate, sink)
      places.push({ ...place, port: opened.port })
      closers.push(opened.close)
    } catch (error) {
      log.error({ place, error: messageOf(error) }, 'syslog cannot be taken in there')
    }
  }
  return {
    places,
    async close() {
      await Promise.all(closers.map((close) => close()))
    },
  }
}

type Opened = { port: number; close(): Promise<unknown> }

async function openUdp({ host, port }: Listening, sink: SyslogSink): Promise<Opened> {
  const socket: UdpSocket = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4', recvBufferSize: 4 * 1024 * 1024 })
  socket.on('message', (data, { address }) => void sink.take(data.toString('utf8'), address)) // a full sink counts what it cannot take
  socket.bind(port, host)
  await once(socket, 'listening') // or rejects with its error
  socket.on('error', () => {})
  return { port: socket.address().port, close: () => new Promise<void>((resolve) => socket.close(() => resolve())) }
}

async function openStream({ over, host, port }: Listening, certificate: { cert: string; key: string } | null, sink: SyslogSink): Promise<Opened> {
  if (over === 'tls' && certificate === null) throw new Error('TLS needs NIGHTSHIFT_SYSLOG_CERT and NIGHTSHIFT_SYSLOG_KEY')
  const open = new Set<Socket>()
  const accept = (socket: Socket) => {
    if (open.size >= maxConnections) return void socket.destroy()
    open.add(socket)
    socket.on('close', () => open.delete(socket)).on('error', () => {})
    socket.setTimeout(quietMs, () => socket.destroy())
    void receive(socket, sink)
  }
  const server: Server = over === 'tls' ? createTlsServer(certificate as { cert: string; key: string }, accept) : createServer(accept)
  server.maxConnections = maxConnections // those that have not shaken hands yet, too
  server.on('tlsClientError', () => {})
  server.listen(port, host)
  await once(server, 'listening') // or rejects with its error
  return {
    port: (server.address() as { port: number }).port,
    async close() {
      for (const socket of open) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function receive(socket: Socket, sink: SyslogSink): Promise<void> {
  const frames = new Frames()
  const from = socket.remoteAddress ?? ''
  const give = async (messages: string[]) => {
    for (const message of messages) if (!sink.take(message, from)) await sink.ready()
  }
  try {
    for await (const chunk of socket as AsyncIterable<Buffer>) await give(frames.add(chunk))
    await give(frames.end())
  } catch {
    await give(frames.end()) // the sender broke off
  }
}
