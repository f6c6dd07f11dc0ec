import { leakOf, type MemorySample, windowMs } from './leak.ts'

/** The memory of the last minutes of each task that has a limit, and which of them run up against it. */
export class MemoryWatch {
  readonly #samples = new Map<string, MemorySample[]>()
  readonly #leaks = new Map<string, string>()

  /** `at`: ms. A task without a limit has nothing to reach. */
  note(task: string, at: number, bytes: number, limitBytes: number | null): void {
    if (limitBytes === null) return
    const samples = (this.#samples.get(task) ?? []).filter((sample) => sample.at >= at - windowMs)
    samples.push({ at, bytes })
    this.#samples.set(task, samples)
    const because = leakOf(samples, limitBytes)
    if (because === null) this.#leaks.delete(task)
    else this.#leaks.set(task, because)
  }

  /** Forgets all other tasks. */
  keep(tasks: ReadonlySet<string>): void {
    for (const task of this.#samples.keys()) {
      if (tasks.has(task)) continue
      this.#samples.delete(task)
      this.#leaks.delete(task)
    }
  }

  /** Task → why it is to be replaced before its limit kills it. */
  leaks(): ReadonlyMap<string, string> {
    return this.#leaks
  }
}
