import type { TrafficSplit } from '#contract/wire.ts'

/**
 * Which side of a traffic split a caller is on: the release that is named, or any other. Pure.
 *
 * By cookie a caller stays where it was put, whatever becomes of the percentage; the cookie names the release of its
 * split, so that one of an earlier split says nothing. By header it is put by a hash of the value and the release: a
 * growing percentage only adds callers, and two splits pick different ones. Where nothing tells callers apart (no sticky,
 * no such header, no cookie yet) it is chance.
 */
export type Side = 'in' | 'out'

const splitCookie = 'nightshift_release'

/** `cookies`: the Cookie field of the request; `key`: the value of the header that the split goes by. */
export function sideOf(split: TrafficSplit, caller: { cookies: string | undefined; key: string | undefined }, random: () => number = Math.random): { side: Side; /** It was put there before. */ known: boolean } {
  if (split.sticky?.by === 'cookie') {
    const value = new RegExp(`(?:^|;)\\s*${splitCookie}=([^;\\s]*)`).exec(caller.cookies ?? '')?.[1]
    if (value === cookieValue('in', split.release)) return { side: 'in', known: true }
    if (value === cookieValue('out', split.release)) return { side: 'out', known: true }
  }
  const at = split.sticky?.by === 'header' && caller.key !== undefined ? hashShare(`${split.release} ${caller.key}`) : random()
  return { side: at * 100 < split.percent ? 'in' : 'out', known: false }
}

function cookieValue(side: Side, release: number): string {
  return side === 'in' ? `v${release}` : `not-v${release}`
}

/** For the session of the browser: a split is shorter than what a date could say. */
export function cookieLine(side: Side, release: number): string {
  return `Set-Cookie: ${splitCookie}=${cookieValue(side, release)}; Path=/; HttpOnly; SameSite=Lax\r\n`
}

/** 0 up to 1: FNV-1a, mixed once more (as MurmurHash3 ends), since its high bits hardly depend on the last characters. */
function hashShare(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}
