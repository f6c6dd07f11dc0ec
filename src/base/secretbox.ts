/**
 * Sealing secrets at rest: AES-256-GCM under the key-encryption key in <home>/keys/secret.key. The associated data
 * binds a ciphertext to its place, so that one secret's bytes cannot be put in another's row.
 * Format: 1 byte version, 12 bytes nonce, 16 bytes tag, ciphertext.
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'
import { AppError } from './errors.ts'

export type SecretBox = {
  seal(plain: string, place: string): Buffer
  open(sealed: Buffer, place: string): string
  /** 32 bytes that prove `text` for `purpose` (HMAC-SHA-256 under a key of the purpose): each purpose has proofs of its own. */
  mac(text: string, purpose: string): Buffer
}

/** @param keyBase64 content of `keyFile`, which the errors name */
export function openSecretBox(keyBase64: string, keyFile = 'keys/secret.key'): SecretBox {
  const key = Buffer.from(keyBase64.trim(), 'base64')
  if (key.length !== 32) throw new AppError('invalid', `${keyFile} does not hold a 32-byte key in base64; restore it from your backup of keys/`)
  return {
    seal(plain, place) {
      const nonce = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(place))
      const text = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
      return Buffer.concat([Buffer.of(1), nonce, cipher.getAuthTag(), text])
    },
    open(sealed, place) {
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, 13)).setAAD(Buffer.from(place)).setAuthTag(sealed.subarray(13, 29))
        return Buffer.concat([decipher.update(sealed.subarray(29)), decipher.final()]).toString('utf8')
      } catch (error) {
        throw new AppError('internal', `the sealed value of ${place} cannot be opened with ${keyFile} (was the key replaced?)`, { cause: error })
      }
    },
    mac: (text, purpose) => createHmac('sha256', createHmac('sha256', key).update(`nightshift ${purpose}`).digest()).update(text).digest(),
  }
}
