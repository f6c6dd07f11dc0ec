/**
 * Whom a program may be sent to call: addresses that callers choose must not lead to this machine, its networks or the
 * metadata service of a cloud, unless an admin chose them. Names are checked by what they resolve to at the moment of connecting.
 */
import { type LookupAddress, lookup } from 'node:dns'
import { BlockList, type LookupFunction, isIP } from 'node:net'
import { AppError } from './errors.ts'

// IANA's registries of special-purpose addresses (RFC 6890), and multicast
const special = new BlockList()
for (const [net, bits] of [['0.0.0.0', 8], ['10.0.0.0', 8], ['100.64.0.0', 10], ['127.0.0.0', 8], ['169.254.0.0', 16], ['172.16.0.0', 12], ['192.0.0.0', 24], ['192.0.2.0', 24], ['192.88.99.0', 24], ['192.168.0.0', 16], ['198.18.0.0', 15], ['198.51.100.0', 24], ['203.0.113.0', 24], ['224.0.0.0', 4], ['240.0.0.0', 4]] as const)
  special.addSubnet(net, bits, 'ipv4')
for (const [net, bits] of [['::', 96], ['64:ff9b::', 96], ['64:ff9b:1::', 48], ['100::', 64], ['2001::', 23], ['2001:db8::', 32], ['2002::', 16], ['fc00::', 7], ['fe80::', 10], ['fec0::', 10], ['ff00::', 8]] as const)
  special.addSubnet(net, bits, 'ipv6')

/** Whether anybody on the internet could be meant. IPv4 inside of IPv6 counts as what it is. */
export function isPublicAddress(address: string): boolean {
  const kind = isIP(address)
  return kind === 4 ? !special.check(address, 'ipv4') : kind === 6 && !special.check(address, 'ipv6')
}

function refusal(host: string, address: string): AppError {
  return new AppError('forbidden', `${host} is ${address === host ? 'an address' : `at ${address},`} of this machine or of a private network; only an admin may send there`)
}

/** For the `lookup` of sockets. An address given as such is not looked up: ask `assertPublicHost` before. */
export const publicLookup: LookupFunction = (host, options, callback) => {
  lookup(host, { ...options, all: true }, (error, found: LookupAddress[]) => {
    if (error) return callback(error, '', 0)
    const bad = found.find(({ address }) => !isPublicAddress(address))
    if (bad) return callback(refusal(host, bad.address), '', 0)
    if (options.all) return callback(null, found)
    const first = found[0] as LookupAddress
    callback(null, first.address, first.family)
  })
}

/** Throws `forbidden` for an address, or a name of this machine, that is not public. `host` as in a URL, `[::1]` included. */
export function assertPublicHost(host: string): void {
  const bare = host.replace(/^\[|\]$/g, '')
  if ((isIP(bare) !== 0 && !isPublicAddress(bare)) || /(^|\.)localhost\.?$/i.test(bare)) throw refusal(host, host)
}
