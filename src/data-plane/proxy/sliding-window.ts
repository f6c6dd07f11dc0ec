/**
 * Sums over the last `slots × slotMs` milliseconds, exact to one slot. Adding is a comparison and an addition; the sums
 * are made anew when a slot begins, so that they never drift. Times are monotonic milliseconds.
 */
export class SlidingWindow {
  readonly #slots: number
  readonly #slotMs: number
  readonly #kinds: number
  readonly #cells: Float64Array
  readonly #sums: Float64Array
  #slot = 0

  /** `kinds`: how many things are counted, named 0, 1, … */
  constructor(slots: number, slotMs: number, kinds: number) {
    this.#slots = slots
    this.#slotMs = slotMs
    this.#kinds = kinds
    this.#cells = new Float64Array(slots * kinds)
    this.#sums = new Float64Array(kinds)
  }

  add(kind: number, amount: number, nowMs: number): void {
    this.#advance(nowMs)
    const cell = (this.#slot % this.#slots) * this.#kinds + kind
    this.#cells[cell] = (this.#cells[cell] as number) + amount
    this.#sums[kind] = (this.#sums[kind] as number) + amount
  }

  sum(kind: number, nowMs: number): number {
    this.#advance(nowMs)
    return this.#sums[kind] as number
  }

  clear(): void {
    this.#cells.fill(0)
    this.#sums.fill(0)
  }

  #advance(nowMs: number): void {
    const slot = Math.floor(nowMs / this.#slotMs)
    if (slot <= this.#slot) return
    if (slot - this.#slot >= this.#slots) this.clear()
    else {
      for (let gone = this.#slot + 1; gone <= slot; gone++) this.#cells.fill(0, (gone % this.#slots) * this.#kinds, ((gone % this.#slots) + 1) * this.#kinds)
      this.#sums.fill(0)
      for (let cell = 0; cell < this.#cells.length; cell++) this.#sums[cell % this.#kinds] = (this.#sums[cell % this.#kinds] as number) + (this.#cells[cell] as number)
    }
    this.#slot = slot
  }
}
