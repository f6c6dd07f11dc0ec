/** What went wrong between this machine and another one, for people: whom it was about, what that means, what to look at. Pure. */
import { messageOf } from './errors.ts'

type Fault = { code?: string; hostname?: string; host?: string; address?: string; port?: number; reason?: string; errors?: readonly unknown[] }

const noTrust = 'its certificate is not trusted here'

const certificates: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: `${noTrust}: it is self-signed`,
  SELF_SIGNED_CERT_IN_CHAIN: `${noTrust}: a self-signed authority stands behind it`,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: `${noTrust}: the server does not send its whole chain, or its authority is unknown`,
  UNABLE_TO_GET_ISSUER_CERT: `${noTrust}: its authority is unknown`,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: `${noTrust}: its authority is unknown`,
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet (is the clock right, there and here?)',
  CERT_REVOKED: 'its certificate was revoked',
}

/** @param at  whom it was about, where the error does not say so itself: `logs.example.com:6514` */
export function networkWords(error: unknown, at?: string): string {
  const fault = (typeof error === 'object' && error !== null ? error : {}) as Fault
  // every address of a name was tried: the last one says it
  if (fault.errors !== undefined && fault.errors.length > 0) return networkWords(fault.errors.at(-1), at)
  const there = fault.address === undefined ? (at ?? 'the other side') : placeOf(fault.address, fault.port, at)
  const name = fault.hostname ?? at ?? 'the host'
  switch (fault.code) {
    case 'ENOTFOUND':
    case 'ENODATA':
      return `there is no host "${name}" (is the name right, and does the DNS of this machine know it?)`
    case 'EAI_AGAIN':
      return `DNS gives no answer about "${name}" (can this machine reach its DNS server?)`
    case 'ECONNREFUSED':
      return `nothing listens at ${there}: the connection was refused (is it running, and is that its port?)`
    case 'ECONNRESET':
    case 'EPIPE':
      return `${there} broke the connection off${fault.code === 'ECONNRESET' ? ' without an answer' : ''}`
    case 'ETIMEDOUT':
      return `${there} does not answer (is it up, and does a firewall let this machine through?)`
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EADDRNOTAVAIL':
      return `no way leads from this machine to ${there} (is the network right?)`
    case 'EPROTO':
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
      return `${at ?? 'what listens there'} ${/wrong version number|packet length too long/i.test(messageOf(error)) ? 'does not speak TLS' : 'could not agree on TLS'} (is that the right port?)`
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `its certificate is of another name${fault.host === undefined ? '' : ` than ${fault.host}`}`
    default:
      return certificates[fault.code ?? ''] ?? (messageOf(error) === '' ? `${there} could not be reached` : messageOf(error))
  }
}

function placeOf(address: string, port: number | undefined, at: string | undefined): string {
  const place = port === undefined ? address : `${address.includes(':') ? `[${address}]` : address}:${port}`
  return at === undefined || at === place || at.startsWith(`${address}:`) ? place : `${at} (${place})`
}
