/** IPv4 subnets: what this machine routes already, and the first address of one. */
import { readFile } from 'node:fs/promises'

/**
 * The /24 prefixes (`10.210.7`) that an interface of this machine serves, also one without a carrier. Wider routes are left
 * out: a /24 of ours is more specific and wins. Empty where there is no such table (the engine's machine is elsewhere then).
 * Source: /proc/net/route, proc_net(5): addresses are little-endian hexadecimal.
 */
export async function routedPrefixes(): Promise<Set<string>> {
  const table = await readFile('/proc/net/route', 'utf8').catch(() => '')
  return new Set(prefixesOf(table))
}

export function prefixesOf(table: string): string[] {
  return table.split('\n').slice(1).flatMap((line) => {
    const [, destination, , , , , , mask] = line.split('\t').map((field) => field.trim())
    if (destination === undefined || mask === undefined || !mask.slice(2).startsWith('FFFFFF')) return []
    return [octetsOf(destination).slice(0, 3).join('.')]
  })
}

/** `172.17.0.0/16` → `172.17.0.1`. */
export function firstHost(subnet: string): string | undefined {
  const address = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/\d+$/.exec(subnet)
  return address ? [...address.slice(1, 4), Number(address[4]) + 1].join('.') : undefined
}

function octetsOf(littleEndian: string): number[] {
  return [6, 4, 2, 0].map((at) => Number.parseInt(littleEndian.slice(at, at + 2), 16))
}
