/** Memory that bodies take while they are read: bounded all together, and for each app, so that one that sends much leaves room for the others. */
import { AppError } from '#base/errors.ts'

export const heldBounds = { bytes: 64 * 1024 * 1024, appBytes: 40 * 1024 * 1024 } as const

export type Hold = {
  /** Throws `limited` when the app has too much under way, `unavailable` when all together have. */
  more(bytes: number): void
  less(bytes: number): void
  [Symbol.dispose](): void
}

export class HeldBytes {
  readonly #apps = new Map<string, number>()
  #all = 0

  get all(): number {
    return this.#all
  }

  by(app: string): Hold {
    let own = 0
    const change = (bytes: number) => {
      own += bytes
      this.#all += bytes
      const left = (this.#apps.get(app) ?? 0) + bytes
      if (left > 0) this.#apps.set(app, left)
      else this.#apps.delete(app)
    }
    return {
      more: (bytes) => {
        const ofApp = this.#apps.get(app) ?? 0
        // a body that is alone may take what it needs: each is bounded by itself
        if (ofApp > own && ofApp + bytes > heldBounds.appBytes) throw new AppError('limited', `"${app}" sends too much telemetry at once; send it again in a second`, { retryAfterSeconds: 1 })
        if (this.#all > own && this.#all + bytes > heldBounds.bytes) throw new AppError('unavailable', 'too much telemetry at once; send it again in a second', { retryAfterSeconds: 1 })
        change(bytes)
      },
      less: (bytes) => change(-bytes),
      [Symbol.dispose]: () => change(-own),
    }
  }
}
