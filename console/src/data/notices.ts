/** Short notes on what an action did. Read aloud, gone after a while; failures stay until dismissed. */
import { useSyncExternalStore } from 'react'

export type Notice = { id: number; tone: 'done' | 'failed'; text: string; href?: string; hrefText?: string }

let list: readonly Notice[] = []
let nextId = 1
const listeners = new Set<() => void>()

function set(next: readonly Notice[]): void {
  list = next
  for (const listener of listeners) listener()
}

export const notices = {
  add(notice: Omit<Notice, 'id'>) {
    const id = nextId++
    set([...list.slice(-3), { id, ...notice }])
    if (notice.tone === 'done') setTimeout(() => notices.dismiss(id), 6000)
  },
  dismiss(id: number) {
    set(list.filter((one) => one.id !== id))
  },
}

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
export const useNotices = () => useSyncExternalStore(subscribe, () => list)
