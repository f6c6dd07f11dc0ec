/** What stands in a form that is not saved yet, as text in a storage. It is known by what the form began with. */

export function keptDraft<T>(storage: Pick<Storage, 'getItem'>, place: string, start: T): T {
  try {
    const kept = JSON.parse(storage.getItem(place) ?? 'null') as { start: T; draft: T } | null
    return kept !== null && JSON.stringify(kept.start) === JSON.stringify(start) ? kept.draft : start
  } catch {
    return start
  }
}

/** Nothing is kept of what nobody has touched, or where there is no room. */
export function keepDraft<T>(storage: Pick<Storage, 'setItem' | 'removeItem'>, place: string, start: T, draft: T): void {
  try {
    if (JSON.stringify(draft) === JSON.stringify(start)) storage.removeItem(place)
    else storage.setItem(place, JSON.stringify({ start, draft }))
  } catch {
    // the storage is full or forbidden: the draft lives as long as the page
  }
}
