import { createSecureContext, type SecureContext } from 'node:tls'
import { messageOf } from '#base/errors.ts'
import type { Certificate } from '#contract/wire.ts'
import type { LinkLog } from '../link.ts'

/**
 * Certificates by host name, exact before wildcard (one label, RFC 6125 §6.4.3). Replacing them touches new handshakes
 * only. One that cannot be read is said and left out; the others stand.
 */
export class Certificates {
  #contexts = new Map<string, SecureContext>()
  #first: SecureContext | undefined
  /** Of the first certificate: what a client gets that names no server. */
  firstPem: { cert: string; key: string } | null = null
  /** Called when `firstPem` is set anew. */
  onFirst: (pem: { cert: string; key: string }) => void = () => {}
  /** By their PEM, so that a table which changes nothing about them parses nothing. */
  #parsed = new Map<string, SecureContext>()

  set(certificates: readonly Certificate[], log: LinkLog): void {
    const contexts = new Map<string, SecureContext>()
    const parsed = new Map<string, SecureContext>()
    let first: SecureContext | undefined
    for (const { hosts, certPem, keyPem } of certificates) {
      const pem = `${certPem}\n${keyPem}`
      try {
        const context = this.#parsed.get(pem) ?? createSecureContext({ cert: certPem, key: keyPem, minVersion: 'TLSv1.2' })
        parsed.set(pem, context)
        if (first === undefined) {
          first = context
          this.firstPem = { cert: certPem, key: keyPem }
          this.onFirst(this.firstPem)
        }
        for (const host of hosts) contexts.set(host.toLowerCase(), context)
      } catch (error) {
        log('warn', `the certificate for ${hosts.join(', ')} cannot be used: ${messageOf(error)}`)
      }
    }
    this.#contexts = contexts
    this.#parsed = parsed
    this.#first = first
  }

  /** For a server name; the first certificate for a name that none covers. */
  find(serverName: string): SecureContext | undefined {
    const name = serverName.toLowerCase()
    return this.#contexts.get(name) ?? this.#contexts.get(`*${name.slice(name.indexOf('.'))}`) ?? this.#first
  }
}
