/** How long to wait before the next try, when `tries` have failed before the one that just did: the first wait, then twice as long each time, up to the longest. */
export function backoffMs(firstMs: number, longestMs: number, tries: number): number {
  return Math.min(longestMs, firstMs * 2 ** Math.min(tries, 30))
}
