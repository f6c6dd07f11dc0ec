const mostHops = 40

/**
 * The first link of a tree that leads out of it, or null. Follows links as the kernel would, also links of links and
 * `..` behind a linked folder, without touching a disk. An absolute link always leads out.
 *
 * @param links  path of each link, relative to the tree → what it says
 */
export function escapingLink(links: ReadonlyMap<string, string>): { path: string; target: string } | null {
  for (const [path, target] of links) {
    if (target.startsWith('/') || !staysInside(path, target, links)) return { path, target }
  }
  return null
}

function staysInside(path: string, target: string, links: ReadonlyMap<string, string>): boolean {
  const at = path.split('/').slice(0, -1)
  const open = target.split('/').reverse()
  let hops = 0
  while (open.length > 0) {
    const part = open.pop() as string
    if (part === '' || part === '.') continue
    if (part === '..') {
      if (at.length === 0) return false
      at.pop()
      continue
    }
    at.push(part)
    const next = links.get(at.join('/'))
    if (next === undefined) continue
    if (++hops > mostHops) return true // a loop: the kernel refuses to follow it (ELOOP)
    if (next.startsWith('/')) return false
    at.pop()
    open.push(...next.split('/').reverse())
  }
  return true
}
