import { useSyncExternalStore } from 'react'

/** The time, a shared tick a second. */
let now = Date.now()
const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  timer ??= setInterval(() => {
    now = Date.now()
    for (const one of listeners) one()
  }, 1000)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

export const useNow = () => useSyncExternalStore(subscribe, () => now)

/** What is written of the time: renders when the words change, not each second. Hundreds of rows may say when. */
export const useTimeText = (say: (now: number) => string) => useSyncExternalStore(subscribe, () => say(now))
