/** Which events stand before which line: by the index of the line, or of its end for those after the last. Pure. */
export function placeMarks<E extends { at: string }>(lines: readonly { at: string }[], marks: readonly E[], atStart: boolean): ReadonlyMap<number, readonly E[]> {
  const places = new Map<number, E[]>()
  const first = lines[0]
  if (first === undefined) return places
  for (const mark of marks) {
    // what is older than the oldest line shown belongs to lines that are not loaded yet
    if (mark.at < first.at && !atStart) continue
    let [low, high] = [0, lines.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((lines[middle] as { at: string }).at < mark.at) low = middle + 1
      else high = middle
    }
    places.set(low, [...(places.get(low) ?? []), mark])
  }
  return places
}
