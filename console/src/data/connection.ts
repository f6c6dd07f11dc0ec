/** Whether what is shown is live. One quiet line in the frame says so when it is not. */
import { useSyncExternalStore } from 'react'

const broken = new Set<string>()
const listeners = new Set<() => void>()
let state: 'live' | 'lost' = 'live'

function settle(): void {
  const next = broken.size === 0 ? 'live' : 'lost'
  if (next === state) return
  state = next
  for (const listener of listeners) listener()
}

export const connection = {
  lost(stream: string) {
    broken.add(stream)
    settle()
  },
  restored(stream: string) {
    if (broken.delete(stream)) settle()
  },
  subscribe(listener: () => void) {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
  now: () => state,
}

export const useConnection = () => useSyncExternalStore(connection.subscribe, connection.now)
