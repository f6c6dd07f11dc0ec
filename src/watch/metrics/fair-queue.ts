/** Samples that wait to be stored, each app's by themselves: who fills the queue pushes out its own oldest, never another's. Pure but for what it holds. */
import type { Sample } from './model.ts'

export class FairQueue {
  readonly #most: number
  readonly #lanes = new Map<string, Sample[]>()
  #size = 0

  constructor(most: number) {
    this.#most = most
  }

  get size(): number {
    return this.#size
  }

  /** How many found no room: the oldest of whoever has most waiting. */
  add(samples: readonly Sample[]): number {
    for (const sample of samples) {
      const app = sample.labels['app'] ?? ''
      const lane = this.#lanes.get(app)
      if (lane === undefined) this.#lanes.set(app, [sample])
      else lane.push(sample)
    }
    this.#size += samples.length
    return this.#trim()
  }

  /** What was taken and not stored waits again, before what came since. How many found no room. */
  putBack(app: string, samples: readonly Sample[]): number {
    this.#lanes.set(app, [...samples, ...(this.#lanes.get(app) ?? [])])
    this.#size += samples.length
    return this.#trim()
  }

  /** Everything, by app. */
  takeAll(): [app: string, samples: Sample[]][] {
    const all = [...this.#lanes]
    this.#lanes.clear()
    this.#size = 0
    return all
  }

  #trim(): number {
    let dropped = 0
    while (this.#size > this.#most) {
      const sizes = [...this.#lanes.values()].sort((a, b) => b.length - a.length)
      const [largest, next] = sizes as [Sample[], ...Sample[][]]
      // down to the next largest at once, so that no sample costs a look at all apps
      const gone = Math.min(this.#size - this.#most, Math.max(1, largest.length - (next?.length ?? 0)))
      largest.splice(0, gone)
      this.#size -= gone
      dropped += gone
    }
    return dropped
  }
}
