/** Where something is sent on to, sealed and opened: address and headers may hold what lets somebody in. */
import { X509Certificate } from 'node:crypto'
import { AppError } from '#base/errors.ts'
import type { SecretBox } from '#base/secretbox.ts'
import type { Target } from './port.ts'

type Sealed = { url: string; headers: Record<string, string>; ca: string | null }

/** `place`: where it belongs; it opens nowhere else. */
export function sealTarget(box: SecretBox, place: string, { url, headers, ca }: Pick<Target, 'url' | 'headers' | 'ca'>): Buffer {
  return box.seal(JSON.stringify({ url: url.href, headers, ca: ca ?? null } satisfies Sealed), place)
}

export function openTarget(box: SecretBox, place: string, sealed: Buffer, anyAddress: boolean): Target {
  const { url, headers, ca } = JSON.parse(box.open(sealed, place)) as Sealed
  return { url: new URL(url), headers, ca: ca ?? undefined, anyAddress }
}

/** Throws `invalid`. */
export function assertCertificate(pem: string): void {
  try {
    new X509Certificate(pem)
  } catch (cause) {
    throw new AppError('invalid', 'the authority is not a certificate in PEM (it begins with -----BEGIN CERTIFICATE-----)', { cause })
  }
}
