import { pickInstance } from './balancer.ts'
import type { Instance } from './instance.ts'
import type { Service } from './service.ts'

/** Where one request, or one connection of a TCP edge, may still go, after what it has met so far. */
export class Placement {
  readonly #service: Service
  /** Those that refused it. */
  #tried: readonly Instance[] = none
  /** The one it was lost at: taken again only when there is no other. */
  #lostAt: Instance | null = null

  constructor(service: Service) {
    this.#service = service
  }

  pick(nowMs: number): Instance | undefined {
    const { eligible } = this.#service
    if (this.#lostAt === null) return pickInstance(eligible, this.#tried, nowMs)
    return this.#other(nowMs) ?? pickInstance(eligible, this.#tried, nowMs)
  }

  #other(nowMs: number): Instance | undefined {
    return pickInstance(this.#service.eligible, [...this.#tried, this.#lostAt as Instance], nowMs)
  }

  refusedBy(instance: Instance): void {
    this.#tried = [...this.#tried, instance]
  }

  /** True: another one can take it at once. */
  lostAt(instance: Instance, nowMs: number): boolean {
    this.#lostAt = instance
    return this.#other(nowMs) !== undefined
  }

  /** Something has changed: everybody may be asked again. */
  forget(): void {
    this.#tried = none
    this.#lostAt = null
  }
}

const none: readonly Instance[] = []
