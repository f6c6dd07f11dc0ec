import type { InstanceSpec } from '#contract/wire.ts'
import type { ServiceKey } from '#contract/names.ts'
import { serviceOf } from './identity.ts'

/**
 * Which services of a desired state have to be waited for. A need of which no instance is desired here can't be known
 * and is not waited for; neither is one that (over others) waits for the asker itself, else both would wait for ever.
 */
export class Needs {
  readonly #needsOf = new Map<ServiceKey, Set<ServiceKey>>()
  readonly #ready: ReadonlySet<ServiceKey>

  constructor(instances: readonly InstanceSpec[], ready: ReadonlySet<ServiceKey>) {
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
    const self = serviceOf(spec)
    return [...new Set(spec.needs)]
      .filter((need) => this.#needsOf.has(need) && !this.#ready.has(need) && !this.#reaches(need, self))
      .sort()
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
