import { randomBytes } from 'node:crypto'

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz' // Crockford base 32: no i, l, o, u

/**
 * A sortable unique id: prefix, 9 characters of milliseconds, 11 random ones: `bld_01m3q8k2x…`.
 * Sorts by creation time within a prefix.
 */
export function newId(prefix: string, now: Date = new Date()): string {
  let ms = now.getTime()
  let time = ''
  for (let i = 0; i < 9; i++) {
    time = alphabet[ms % 32] + time
    ms = Math.floor(ms / 32)
  }
  let tail = ''
  for (const byte of randomBytes(11)) tail += alphabet[byte & 31]
  return `${prefix}_${time}${tail}`
}

/** A secret of 256 bits for tokens and links, base64url. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url')
}
