import type { TrafficSplit } from '#contract/wire.ts'
import { pickAmong, pickInstance } from './balancer.ts'
import { fieldValue } from './fields.ts'
import type { Instance } from './instance.ts'
import type { Service } from './service.ts'
import { cookieLine, type Side, sideOf } from './split.ts'

/** Where one request, or one connection of a TCP edge, may still go: its side of a split, and what it has met so far. */
export class Placement {
  readonly #service: Service
  /** Those that refused it. */
  #tried: readonly Instance[] = none
  /** The one it was lost at: taken again only when there is no other. */
  #lostAt: Instance | null = null
  #split: TrafficSplit | null = null
  #side: Side = 'out'
  /** Its side is to be remembered by a cookie. */
  #newcomer = false

  constructor(service: Service) {
    this.#service = service
  }

  /** Which side of the split it is on, if there is one; `lines` are the fields of its head. */
  choose(lines: string): void {
    const { split } = this.#service
    if (split === null) return
    const { sticky } = split
    const { side, known } = sideOf(split, {
      cookies: sticky?.by === 'cookie' ? fieldValue(lines, 'cookie') : undefined,
      key: sticky?.by === 'header' ? fieldValue(lines, sticky.name.toLowerCase()) : undefined,
    })
    this.#split = split
    this.#side = side
    this.#newcomer = sticky?.by === 'cookie' && !known
  }

  pick(nowMs: number): Instance | undefined {
    if (this.#lostAt === null) return this.#pick(this.#tried, nowMs)
    return this.#other(nowMs) ?? this.#pick(this.#tried, nowMs)
  }

  #other(nowMs: number): Instance | undefined {
    return this.#pick([...this.#tried, this.#lostAt as Instance], nowMs)
  }

  #pick(tried: readonly Instance[], nowMs: number): Instance | undefined {
    const { eligible, sides } = this.#service
    const own = this.#split === null || sides === null ? undefined : pickAmong(sides[this.#side], tried, nowMs)
    return own ?? pickInstance(eligible, tried, nowMs)
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

  /** The Set-Cookie line for an answer of `instance`, empty when there is nothing to remember: who had to be sent to the other side is put anew. */
  cookie(instance: Instance): string {
    if (!this.#newcomer || this.#split === null) return ''
    const { release } = this.#split
    return (instance.release === release) === (this.#side === 'in') ? cookieLine(this.#side, release) : ''
  }
}

const none: readonly Instance[] = []
