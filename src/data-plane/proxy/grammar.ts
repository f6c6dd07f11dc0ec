/**
 * The characters of HTTP as tables indexed by byte, and the few scalar grammars that frame a message.
 * Everything here is as strict as the RFC allows a recipient to be.
 */

/** tchar of RFC 9110 §5.6.2, the characters of methods and field names. */
export const isTokenByte = new Uint8Array(256)
/** RFC 9110 §5.5: HTAB, SP, VCHAR and obs-text. */
export const isValueByte = new Uint8Array(256)
/** VCHAR but `#`: what a request target may hold. Stricter RFC 3986 sets would refuse what browsers do send (`|`, `{`). */
export const isTargetByte = new Uint8Array(256)
const isHostByte = new Uint8Array(256)

for (const char of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") isTokenByte[char.charCodeAt(0)] = 1
for (const char of 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._') isHostByte[char.charCodeAt(0)] = 1
for (let byte = 0x20; byte <= 0xff; byte++) if (byte !== 0x7f) isValueByte[byte] = 1
isValueByte[9] = 1
for (let byte = 0x21; byte < 0x7f; byte++) if (byte !== 0x23) isTargetByte[byte] = 1

/** 1*DIGIT up to 2^53-1, or -1. */
export function parseContentLength(text: string): number {
  if (text.length === 0 || text.length > 16) return -1
  let value = 0
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value <= Number.MAX_SAFE_INTEGER ? value : -1
}

export function isToken(text: string): boolean {
  if (text.length === 0) return false
  for (let i = 0; i < text.length; i++) if (isTokenByte[text.charCodeAt(i)] !== 1) return false
  return true
}

/**
 * The host of `host[:port]` in lower case, without port and trailing dot; null when it is not one.
 * Registered names and IPv4 by their characters, IPv6 in brackets; userinfo and percent-encoding are refused.
 */
export function hostnameOf(authority: string): string | null {
  const { length } = authority
  if (length === 0 || length > 262) return null
  let end = length
  if (authority.charCodeAt(0) === 0x5b) {
    end = authority.indexOf(']') + 1
    if (end === 0 || !/^\[[0-9A-Fa-f:.]{2,45}\]$/.test(authority.slice(0, end))) return null
  } else {
    for (let i = 0; i < length; i++) {
      const code = authority.charCodeAt(i)
      if (code === 0x3a) {
        end = i
        break
      }
      if (isHostByte[code] !== 1) return null
    }
    if (end === 0 || end > 254) return null
  }
  if (end < length && !isPort(authority, end)) return null
  const name = authority.slice(0, end).toLowerCase()
  if (name.charCodeAt(0) === 0x2e || name.includes('..')) return null
  return name.charCodeAt(end - 1) === 0x2e ? name.slice(0, -1) : name
}

/** `:8080` from `at` to the end; a bare colon is allowed by RFC 3986 §3.2.3 and refused here. */
function isPort(text: string, at: number): boolean {
  if (text.charCodeAt(at) !== 0x3a || text.length - at < 2 || text.length - at > 6) return false
  for (let i = at + 1; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 48 || code > 57) return false
  }
  return Number(text.slice(at + 1)) <= 65535
}

/** The list of a Connection, Upgrade or Expect value: lower case, without empty elements (RFC 9110 §5.6.1). */
export function listOf(value: string): string[] {
  return value
    .toLowerCase()
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}
