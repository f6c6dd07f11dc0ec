/**
 * Where a check may connect. A check of somebody who is limited to apps is confined: it reaches public addresses and the
 * names that control gave it, so that nobody looks through us at the network behind. The address that was judged is the
 * one that is connected to.
 */
import { lookup } from 'node:dns/promises'
import { type Socket, connect, isIP } from 'node:net'
import { type TLSSocket, connect as connectTls } from 'node:tls'
import { isPublicAddress } from '#base/public-address.ts'
import type { RunContext } from './port.ts'

export type Place = { address: string; port: number }

/** Throws with the reason where a confined check may not go, and when the name is not known. */
export async function placeOf(host: string, port: number, { spec, now }: Pick<RunContext, 'spec' | 'now'>): Promise<Place> {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase()
  const known = spec.known[name]
  if (known !== undefined) {
    if (known.length === 0) throw new Error(`${name} has no instance that is ready here`)
    const one = known[Math.floor(now().getTime() / 1000) % known.length] as { host: string; port: number }
    return { address: one.host, port: one.port }
  }
  const addresses = isIP(name) ? [name] : /(^|\.)localhost$/.test(name) ? ['127.0.0.1'] : (await lookup(name, { all: true, order: 'ipv4first' })).map(({ address }) => address)
  const allowed = spec.confined ? addresses.filter(isPublicAddress) : addresses
  if (allowed[0] === undefined) throw new Error(`${name} is ${addresses.join(', ')}, which is not a public address; a check that belongs to an app reaches public addresses, its app’s own services by name, and its app by a path such as /up`)
  return { address: allowed[0], port }
}

/** `host:port`, `[::1]:80`. */
export function splitAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':')
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) }
}

export type TlsWish = { name: string; verify: boolean } | null

/** A connection that ends with the signal. */
export async function open(place: Place, tls: TlsWish, signal: AbortSignal): Promise<Socket | TLSSocket> {
  signal.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const socket = tls === null ? connect(place.port, place.address) : connectTls({ host: place.address, port: place.port, rejectUnauthorized: tls.verify, ...(isIP(tls.name) ? {} : { servername: tls.name }) })
  const onAbort = () => socket.destroy(signal.reason as Error)
  signal.addEventListener('abort', onAbort, { once: true })
  socket.once('close', () => signal.removeEventListener('abort', onAbort))
  socket.once(tls === null ? 'connect' : 'secureConnect', () => resolve(socket))
  socket.on('error', reject)
  return promise
}

/** What comes until `enough` says so, the other side ends, or `max` bytes are there. */
export async function readUntil(socket: Socket, enough: (data: Buffer, chunk: Buffer) => boolean | Promise<boolean>, max = 65_536): Promise<Buffer> {
  let data = Buffer.alloc(0)
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    data = Buffer.concat([data, chunk])
    if ((await enough(data, chunk)) || data.length >= max) break
  }
  return data
}
