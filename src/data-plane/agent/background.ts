import { messageOf } from '#base/errors.ts'
import type { Log } from './log.ts'

/**
 * Work beside the loop. What it changes in the records is a note that the loop takes with `settle()`, so that no plan sees
 * half of it.
 */
export type Background = {
  /** `work` ends with its note. */
  run(work: Promise<() => void>): void
  /** Takes the notes of all work that has ended. */
  settle(): void
  /** Resolves when nothing is under way. */
  idle(): Promise<void>
}

export function createBackground(options: { onEnded(): void; log: Log }): Background {
  const underWay = new Set<Promise<void>>()
  let ended: (() => void)[] = []
  return {
    run(work) {
      const all = work.then(
        (note) => {
          ended.push(note)
          options.onEnded()
        },
        (error: unknown) => options.log.error({ error: messageOf(error) }, 'an effect failed in a way nobody expected'),
      )
      underWay.add(all)
      void all.finally(() => underWay.delete(all))
    },
    settle() {
      const notes = ended
      ended = []
      for (const note of notes) note()
    },
    async idle() {
      while (underWay.size > 0) await Promise.all(underWay)
    },
  }
}

/** Runs at most that many at once; the others wait in order. */
export function limiter(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0
  const queue: (() => void)[] = []
  return async (work) => {
    if (running >= most) await new Promise<void>((resolve) => queue.push(resolve))
    running++
    try {
      return await work()
    } finally {
      running--
      queue.shift()?.()
    }
  }
}
