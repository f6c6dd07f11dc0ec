import type { TLSSocket } from 'node:tls'
import type { CheckConfig } from '#contract/check-kinds.ts'
import { expiry } from '../expiry.ts'
import { open, placeOf, splitAddress } from '../net.ts'
import type { RunCheck } from '../port.ts'

export const runTls: RunCheck<CheckConfig<'tls'>> = async (config, context) => {
  const { host, port } = splitAddress(config.address)
  const name = config.name ?? host
  // looked at whether or not it is trusted, so that an expired one says when it expired
  const socket = (await open(await placeOf(host, port, context), { name, verify: false }, context.signal)) as TLSSocket
  try {
    const certificate = socket.getPeerCertificate()
    if (certificate.valid_to === undefined) return { status: 'err', message: 'it showed no certificate' }
    const said = expiry(`the certificate of ${name}`, new Date(certificate.valid_to), context.now(), config)
    const trusted = socket.authorized || !config.verify
    return trusted || said.status === 'err' ? said : { ...said, status: 'err', message: `the certificate of ${name} is not trusted: ${String(socket.authorizationError)}` }
  } finally {
    socket.destroy()
  }
}
