type Environment = { app: string; environment: string }

/** How long counts of a new release are waited for. */
const youngMs = 60_000

/** Which release of each environment is the newest that was asked, and whether it is so since a short while. Times are monotonic milliseconds. */
export class NewestReleases {
  readonly #newest = new Map<string, { release: number; since: number }>()

  readonly #hasElder: (app: string, environment: string, release: number) => boolean

  readonly #startedAt: number

  /** `hasElder`: whether an older release stands beside it. */
  constructor(hasElder: (app: string, environment: string, release: number) => boolean, startedAt: number) {
    this.#hasElder = hasElder
    this.#startedAt = startedAt
  }

  /**
   * The first release that is seen was there before this process, and how long for it cannot know: where an older one stands beside it, it is
   * just taking over; else it may be as young as this process. So a proxy that was started again while a release is judged goes on telling
   * each second, also when the instances before have left meanwhile.
   */
  asked(where: Environment, release: number, now: number): void {
    const known = this.#newest.get(keyOf(where))
    if (known === undefined) this.#newest.set(keyOf(where), { release, since: this.#hasElder(where.app, where.environment, release) ? now : this.#startedAt })
    else if (release > known.release) this.#newest.set(keyOf(where), { release, since: now })
  }

  isYoung(where: Environment, now: number): boolean {
    const known = this.#newest.get(keyOf(where))
    return known !== undefined && now - known.since < youngMs
  }
}

const keyOf = ({ app, environment }: Environment) => `${app}/${environment}`
