import type { Copy, CopyPlace } from './copy.ts'

/**
 * All copies that this proxy keeps, in bounded memory: a quarter is for those that are still being taken, the rest for whole
 * ones, of which the one that has not been kept, confirmed or shown for longest goes first.
 *
 * They are lost with the process: a net that is empty for a while is cheaper than one that writes every page to disk.
 */
export class Copies {
  readonly entryBytes: number
  readonly #keptLimit: number
  readonly #takenLimit: number
  readonly #byKey = new Map<string, Copy[]>()
  /** The one used longest ago first. */
  readonly #order = new Set<Copy>()
  #kept = 0
  #taken = 0
  #serves: (place: CopyPlace) => boolean = () => false

  constructor(limits: { copyBytes: number; copyEntryBytes: number }) {
    this.entryBytes = limits.copyEntryBytes
    this.#takenLimit = Math.floor(limits.copyBytes / 4)
    this.#keptLimit = limits.copyBytes - this.#takenLimit
  }

  /** Of whole copies and of those that are being taken. */
  get bytes(): number {
    return this.#kept + this.#taken
  }

  /** What is served now; what is not is forgotten, and is not kept either if it comes in late. */
  follow(serves: (place: CopyPlace) => boolean): void {
    this.#serves = serves
    for (const copy of this.#order) if (!serves(copy.place)) this.#drop(copy)
  }

  /** Room for `bytes` more of a body that is being taken; give all of it back. */
  reserve(bytes: number): boolean {
    if (this.#taken + bytes > this.#takenLimit) return false
    this.#taken += bytes
    return true
  }

  giveBack(bytes: number): void {
    this.#taken -= bytes
  }

  /** The newest first. */
  of(key: string): readonly Copy[] {
    return this.#byKey.get(key) ?? none
  }

  /** It has been of use. */
  touch(copy: Copy): void {
    if (this.#order.delete(copy)) this.#order.add(copy)
  }

  /** Instead of those in `replaced`. */
  put(copy: Copy, replaced: readonly Copy[]): void {
    for (const old of replaced) this.#drop(old)
    if (copy.bytes > this.#keptLimit || !this.#serves(copy.place)) return
    const beside = this.of(copy.place.key)
    if (beside.length >= variantsOfOne) this.#drop(beside.at(-1) as Copy)
    this.#byKey.set(copy.place.key, [copy, ...this.of(copy.place.key)])
    this.#order.add(copy)
    this.#kept += copy.bytes
    for (const oldest of this.#order) {
      if (this.#kept <= this.#keptLimit) return
      this.#drop(oldest)
    }
  }

  /** All copies of one place, or those given. */
  forget(key: string, copies: readonly Copy[] = this.of(key)): void {
    for (const copy of copies) this.#drop(copy)
  }

  #drop(copy: Copy): void {
    if (!this.#order.delete(copy)) return
    this.#kept -= copy.bytes
    const { key } = copy.place
    const left = this.of(key).filter((one) => one !== copy)
    if (left.length === 0) this.#byKey.delete(key)
    else this.#byKey.set(key, left)
  }
}

/** A page that varies by everything must not take the place of all others, nor make looking it up long. */
const variantsOfOne = 16
const none: readonly Copy[] = []
