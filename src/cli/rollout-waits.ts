/** What a rollout waits for, said once it takes long; each reason once. */
import type { AppDetail } from '#contract/model.ts'
import { type Output, harmless } from './output.ts'

/** A step that comes sooner needs no word about what it waited for. */
const patienceMs = 5000
const overStates: ReadonlySet<string> = new Set(['ready', 'draining', 'stopping', 'exited'])

/** Instances of the release that are not ready yet, each with its reason. */
export function waitsOf(detail: Pick<AppDetail, 'services'>, release: number): { name: string; because: string }[] {
  return detail.services.flatMap((service) => service.instances.filter((instance) => instance.release === release && !overStates.has(instance.state)).map(({ name, because }) => ({ name, because })))
}

export class WaitTeller {
  readonly #out: Output
  readonly #isQuiet: boolean
  readonly #told = new Set<string>()
  #since = Date.now()

  /** `isQuiet`: for programs, who get no words. */
  constructor(out: Output, isQuiet = false) {
    this.#out = out
    this.#isQuiet = isQuiet
  }

  /** A step was reached: patience begins anew. */
  reached(): void {
    this.#since = Date.now()
  }

  get isDue(): boolean {
    return Date.now() - this.#since >= patienceMs
  }

  tell(detail: Pick<AppDetail, 'services'>, release: number): void {
    if (this.#isQuiet || !this.isDue) return
    for (const { name, because } of waitsOf(detail, release)) {
      // a port of its own in every try makes no new reason
      const reason = `${name} ${because.replaceAll(/\d+/g, '')}`
      if (this.#told.has(reason)) continue
      this.#told.add(reason)
      this.#out.line(this.#out.paint('dim', `  … ${name}: ${harmless(because)}`))
    }
  }
}
