/**
 * How far this machine's clock is ahead of control's, asked over the agent's connection. The answer was given somewhere between question
 * and arrival, so half of that time is the error at most: of the newest answers, the one that came quickest counts.
 */
export type ClockSample = { /** Since this process began. */ arrivedMs: number; tripMs: number; offsetMs: number }

/** Asked every ten seconds: some two minutes, in which a good clock drifts by a few milliseconds. */
const keptSamples = 12
const keptMs = 150_000
/** A connection on which every answer takes longer than this tells nothing of use. */
const longestTripMs = 10_000

/** Null while nothing of the last minutes is known. `samples` in any order. */
export function bestOffsetMs(samples: readonly ClockSample[], nowMs: number): number | null {
  const fresh = samples.filter(({ arrivedMs }) => nowMs - arrivedMs <= keptMs)
  return fresh.reduce<ClockSample | null>((best, one) => (best === null || one.tripMs < best.tripMs ? one : best), null)?.offsetMs ?? null
}

type Clocks = { /** Milliseconds that only rise. */ steady(): number; /** Milliseconds since 1970, as the machine has them. */ wall(): number }
const ownClocks: Clocks = { steady: () => performance.now(), wall: () => Date.now() }

export class ClockWatch {
  readonly #send: (asked: number) => void
  readonly #clocks: Clocks
  #samples: ClockSample[] = []

  constructor(send: (asked: number) => void, clocks = ownClocks) {
    this.#send = send
    this.#clocks = clocks
  }

  ask(): void {
    this.#send(this.#clocks.steady())
  }

  answered({ asked, atMs }: { asked: number; atMs: number }): void {
    const arrivedMs = this.#clocks.steady()
    const tripMs = arrivedMs - asked
    if (!(tripMs >= 0 && tripMs <= longestTripMs) || !Number.isFinite(atMs)) return
    this.#samples = [...this.#samples, { arrivedMs, tripMs, offsetMs: this.#clocks.wall() - tripMs / 2 - atMs }].slice(-keptSamples)
  }

  offsetMs(): number | null {
    return bestOffsetMs(this.#samples, this.#clocks.steady())
  }
}
