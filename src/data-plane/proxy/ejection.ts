import { backoffMs } from '#base/backoff.ts'
import { formatDuration } from '#base/units.ts'
import type { NewFact } from '../facts.ts'
import type { Instance } from './instance.ts'
import type { Limits } from './limits.ts'
import { mostEjected, outliers } from './outliers.ts'
import type { Service } from './service.ts'

/**
 * Takes outliers out of rotation for a while, and tells control why. An ejection is an opinion of this proxy over a service
 * with peers to compare with: it never touches the instance, and ends by itself.
 */
export type Note = (fact: NewFact) => void

/** An instance that was well for so long begins anew with short ejections. */
const forgivenMs = 600_000

export class Ejections {
  readonly #limits: Limits
  readonly #note: Note

  constructor(limits: Limits, note: Note) {
    this.#limits = limits
    this.#note = note
  }

  compare(service: Service, nowMs: number): void {
    for (const instance of service.eligible) {
      if (instance.ejected && nowMs >= instance.ejectedUntil) this.readmit(service, instance, nowMs, 'its time is over')
    }
    if (service.eligible.length < 2) return
    const standings = service.eligible.map((instance) => instance.score.standing(instance.id, instance.ejected, nowMs))
    for (const { id, because, numbers } of outliers(standings)) {
      const instance = service.eligible.find((one) => one.id === id) as Instance
      if (nowMs - instance.ejectedUntil > forgivenMs) instance.ejections = 0
      const forMs = backoffMs(this.#limits.ejectionMs, this.#limits.longestEjectionMs, instance.ejections++)
      instance.ejected = true
      instance.ejectedAt = nowMs
      instance.ejectedUntil = nowMs + forMs
      this.#tell('instance.ejected', service, instance, because, { forMs, ejections: instance.ejections, ...numbers })
    }
  }

  /** The fleet has changed: with fewer left, fewer may be out; those whose time is over first come back first. */
  fit(service: Service, nowMs: number): void {
    const out = service.eligible.filter((instance) => instance.ejected).sort((a, b) => a.ejectedUntil - b.ejectedUntil)
    const others = service.eligible.length - out.length
    for (const instance of out.slice(0, Math.max(0, out.length - mostEjected(service.eligible.length)))) {
      this.readmit(service, instance, nowMs, `only ${others} other${others === 1 ? ' is' : 's are'} ready`)
    }
  }

  readmit(service: Service, instance: Instance, nowMs: number, because: string): void {
    const outMs = Math.round(nowMs - instance.ejectedAt)
    instance.ejected = false
    instance.ejectedUntil = nowMs
    instance.score.clear()
    instance.warmUp(nowMs, this.#limits.slowStartMs)
    this.#tell('instance.readmitted', service, instance, `${because}, after ${formatDuration(outMs)}`, { outMs, ejections: instance.ejections })
    service.wake()
  }

  #tell(kind: 'instance.ejected' | 'instance.readmitted', service: Service, instance: Instance, because: string, data: Record<string, unknown>): void {
    const { app, environment, name } = service
    const who = { app, environment, service: name, instance: instance.id, release: instance.release, name: instance.name }
    this.#note({ kind, who, about: `${instance.id} ${instance.ejections} ${new Date().toISOString()}`, data: { because, ...data } })
  }
}
