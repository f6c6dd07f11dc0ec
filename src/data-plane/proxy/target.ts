import type { Breaker } from './breaker.ts'
import { Counter, type CounterNames } from './counter.ts'
import { NewestReleases } from './newest-releases.ts'
import type { Keeping } from './safety-net.ts'
import type { Service } from './service.ts'

/** Where a request goes: a route or an edge, with the service behind it and what is counted and logged for it. */
export type Target = {
  service: Service
  counter: Counter
  /** Of an edge; the ingress has none, since the world is not made to fail fast. */
  breaker: Breaker | null
  httpsOnly: boolean
  /** Of a route whose service asks for copies of its answers to be kept. */
  keeping: Keeping | null
  /** The part of an access log line that never changes: `"app":…,"route":…`. */
  logLabel: string
}

/** Counters outlive tables, so that no request between two batches is forgotten when a table comes. */
export class Counters {
  readonly #byKey = new Map<string, Counter>()
  readonly #newest: NewestReleases

  /** `hasElder`: whether an older release stands beside this one. `startedAt`: when this process began, in monotonic milliseconds. */
  constructor(hasElder: (app: string, environment: string, release: number) => boolean, startedAt = performance.now()) {
    this.#newest = new NewestReleases(hasElder, startedAt)
  }

  counter(names: CounterNames): Counter {
    const known = this.#byKey.get(names.key)
    if (known !== undefined) {
      known.names = names
      return known
    }
    const counter = new Counter(names, (asked, release) => this.#newest.asked(asked, release, performance.now()))
    this.#byKey.set(names.key, counter)
    return counter
  }

  take() {
    return [...this.#byKey.values()].map((counter) => counter.take()).filter((count) => count !== null)
  }

  /** Of environments whose newest release is young. */
  takeYoung() {
    const now = performance.now()
    return [...this.#byKey.values()].filter(({ names }) => this.#newest.isYoung(names, now)).map((counter) => counter.take()).filter((count) => count !== null)
  }
}

export function makeTarget(counters: Counters, service: Service, names: CounterNames, more: Pick<Target, 'httpsOnly' | 'breaker' | 'keeping'>): Target {
  const { app, environment, service: name, key } = names
  return {
    service,
    ...more,
    counter: counters.counter(names),
    logLabel: `"app":${JSON.stringify(app)},"environment":${JSON.stringify(environment)},"service":${JSON.stringify(name)},"route":${JSON.stringify(key)}`,
  }
}
