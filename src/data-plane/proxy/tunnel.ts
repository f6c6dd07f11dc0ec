import type { Socket } from 'node:net'

/** Reports of bytes that are due, one of each tunnel that is open; called before counts are taken. */
export type Tunnels = Set<() => void>

/**
 * Joins two sockets byte for byte, with backpressure and half-close both ways, until both ends are done.
 * `early` holds what had already come from each side. `report` gets the bytes since its last call: whenever somebody
 * calls the entry in `tunnels`, and at the end, so that a connection that lives for days is seen.
 */
export function runTunnel(
  client: Socket,
  upstream: Socket,
  early: { fromClient: Buffer | null; fromUpstream: Buffer | null },
  tunnels: Tunnels,
  report: (bytesIn: number, bytesOut: number) => void,
): void {
  let seenIn = client.bytesRead
  let seenOut = upstream.bytesRead
  const flush = () => {
    report(client.bytesRead - seenIn, upstream.bytesRead - seenOut)
    seenIn = client.bytesRead
    seenOut = upstream.bytesRead
  }
  let closed = 0
  const finish = () => {
    if (!tunnels.delete(flush)) return
    client.destroy()
    upstream.destroy()
    flush()
  }
  tunnels.add(flush)
  /** A socket that closes after both its ends is in order, and the other still has bytes to hand over. */
  const onClose = (socket: Socket) => {
    if (!socket.readableEnded || ++closed === 2) finish()
  }
  for (const socket of [client, upstream]) {
    socket.setKeepAlive(true, 30_000)
    socket.on('error', finish)
    socket.on('close', () => onClose(socket))
  }
  if (early.fromClient !== null && early.fromClient.length > 0) upstream.write(early.fromClient)
  if (early.fromUpstream !== null && early.fromUpstream.length > 0) client.write(early.fromUpstream)
  join(client, upstream)
  join(upstream, client)
}

function join(from: Socket, to: Socket): void {
  from.on('data', (chunk) => {
    if (!to.write(chunk)) from.pause()
  })
  to.on('drain', () => from.resume())
  if (from.readableEnded) to.end()
  else from.on('end', () => to.end())
  from.resume()
}
