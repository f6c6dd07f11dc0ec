/**
 * What of a day's room each app has used. When half of the room is used, an app that has more than a quarter of it gets no more, so that one
 * that writes without end leaves room for the others until the day is over. Pure but for what it holds; a new control begins anew.
 */
export class DayShares {
  readonly #room: number
  #day = Number.NaN
  #all = 0
  readonly #apps = new Map<string, number>()

  constructor(room: number) {
    this.#room = room
  }

  /** Whether it may store so much more that day; if so, it counts as stored. */
  take(app: string, bytes: number, day: number): boolean {
    if (day !== this.#day) {
      this.#day = day
      this.#all = 0
      this.#apps.clear()
    }
    const used = this.#apps.get(app) ?? 0
    if (this.#all + bytes > this.#room / 2 && used + bytes > this.#room / 4) return false
    this.#apps.set(app, used + bytes)
    this.#all += bytes
    return true
  }
}
