import type { InstanceSpec } from '#contract/wire.ts'
import type { ServiceKey } from '#contract/names.ts'
import { serviceOf } from './identity.ts'

/** `at`: when the newest probe began that it passed; `since`: the first of those in a row. ms; where nobody probes, Infinity and 0. */
export type Goodness = { at: number; since: number }

/**
 * Which services of a desired state have to be waited for. A need of which no instance is desired here can't be known
 * and is not waited for; neither is one that (over others) waits for the asker itself, else both would wait for ever.
 */
export class Needs {
  readonly #needsOf = new Map<ServiceKey, Set<ServiceKey>>()
  readonly #ready: ReadonlyMap<ServiceKey, Goodness>

  /** `ready`: the services with a ready instance. */
  constructor(instances: readonly InstanceSpec[], ready: ReadonlyMap<ServiceKey, Goodness>) {
    this.#ready = ready
    for (const spec of instances) {
      if (spec.kind !== 'service') continue
      const key = serviceOf(spec)
      const needs = this.#needsOf.get(key) ?? new Set()
      for (const need of spec.needs) needs.add(need)
      this.#needsOf.set(key, needs)
    }
  }

  /** The needs of an instance that have no ready instance here, sorted. */
  unmet(spec: InstanceSpec): ServiceKey[] {
    return this.#needs(spec).filter((need) => !this.#ready.has(need))
  }

  /**
   * Those that may be why it fails, though they are ready: no probe of theirs has passed since its first failure (what fails behind a need
   * may be seen before the need's own failing is), or they have been ready for less than it takes to fail anew.
   */
  suspects(spec: InstanceSpec, { badSince = 0, badAt = Infinity }: { badSince?: number; badAt?: number }): ServiceKey[] {
    const anewMs = 'intervalMs' in spec.health ? spec.health.failures * spec.health.intervalMs : 0
    return this.#needs(spec).filter((need) => {
      const good = this.#ready.get(need)
      return good !== undefined && (good.at < badSince || badAt < good.since + anewMs)
    })
  }

  #needs(spec: InstanceSpec): ServiceKey[] {
    const self = serviceOf(spec)
    return [...new Set(spec.needs)].filter((need) => this.#needsOf.has(need) && !this.#reaches(need, self)).sort()
  }

  #reaches(from: ServiceKey, target: ServiceKey): boolean {
    const seen = new Set<ServiceKey>()
    const open = [from]
    while (open.length > 0) {
      const key = open.pop() as ServiceKey
      if (key === target) return true
      if (seen.has(key)) continue
      seen.add(key)
      open.push(...(this.#needsOf.get(key) ?? []))
    }
    return false
  }
}
