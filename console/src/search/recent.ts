/** Where somebody went from the box, newest first: of this browser alone. */
export type Recent = { title: string; href: string }

const key = 'nightshift.recent'
const most = 6

export function recentsWith(before: readonly Recent[], one: Recent): Recent[] {
  return [one, ...before.filter(({ href }) => href !== one.href)].slice(0, most)
}

export function readRecents(): Recent[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key) ?? '[]')
    return Array.isArray(kept) ? kept.filter((one): one is Recent => typeof one?.title === 'string' && typeof one.href === 'string' && one.href.startsWith('/')).slice(0, most) : []
  } catch {
    return []
  }
}

export function keepRecent(one: Recent): void {
  try {
    localStorage.setItem(key, JSON.stringify(recentsWith(readRecents(), one)))
  } catch {
    // a browser that keeps nothing
  }
}
