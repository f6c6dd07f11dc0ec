/**
 * The path that routes are compared with: percent-encoded characters decoded, dot segments resolved (RFC 3986 §6.2.2),
 * repeated slashes merged, the query cut off. The app gets the target as it came.
 *
 * `%2F` and `%5C` stay encoded: they are data, not separators. Null: the path leaves its root or holds a NUL.
 */
export function routePath(target: string): string | null {
  const query = target.indexOf('?')
  const path = query === -1 ? target : target.slice(0, query)
  if (!path.includes('%') && !path.includes('/.') && !path.includes('//')) return path
  const segments: string[] = []
  const decoded = path.replace(/%([0-9A-Fa-f]{2})/g, (escape, hex: string) => {
    const code = Number.parseInt(hex, 16)
    return code === 0x2f || code === 0x5c || code > 0x7e || (code < 0x21 && code !== 0) ? escape : String.fromCharCode(code)
  })
  if (decoded.includes('\0')) return null
  const parts = decoded.split('/')
  for (const part of parts) {
    if (part === '..') {
      if (segments.pop() === undefined) return null
    } else if (part !== '.' && part !== '') segments.push(part)
  }
  const last = parts[parts.length - 1]
  const folder = (last === '' || last === '.' || last === '..') && segments.length > 0
  return `/${segments.join('/')}${folder ? '/' : ''}`
}
