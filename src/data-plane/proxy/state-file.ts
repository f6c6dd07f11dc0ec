import { readFileSync } from 'node:fs'
import { messageOf } from '#base/errors.ts'
import { replaceFile } from '../durable-file.ts'
import type { LinkLog } from '../link.ts'

/**
 * A value that must be there after any crash: written beside, synced, renamed over. Saves are coalesced: the newest
 * value wins, and one write is under way at a time. A save that fails (a full disk) is said once and tried again a while
 * later, with the newest value; the proxy goes on from memory. Files are 0600: a route table carries private keys.
 */
const retryMs = 1000

export class StateFile<T> {
  readonly #path: string
  readonly #log: LinkLog
  #next: T | undefined
  #saving: Promise<void> | null = null
  #complained = false
  #retry: NodeJS.Timeout | undefined

  constructor(path: string, log: LinkLog) {
    this.#path = path
    this.#log = log
  }

  /** What was saved last; null when there is none or it cannot be read (which is said). */
  read(): T | null {
    try {
      return JSON.parse(readFileSync(this.#path, 'utf8')) as T
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#log('warn', `cannot read ${this.#path}: ${messageOf(error)} (starting without it)`)
      return null
    }
  }

  save(value: T): void {
    this.#next = value
    this.#saving ??= this.#saveAll()
  }

  /** Resolves when nothing is under way; what the disk refused is tried once more. */
  async flush(): Promise<void> {
    if (this.#next !== undefined) this.save(this.#next)
    while (this.#saving !== null) await this.#saving
  }

  async #saveAll(): Promise<void> {
    clearTimeout(this.#retry)
    await undefined // what else changes in this turn is in the same write
    while (this.#next !== undefined) {
      const value = this.#next
      this.#next = undefined
      try {
        await replaceFile(this.#path, JSON.stringify(value), { sync: true })
        this.#complained = false
      } catch (error) {
        if (!this.#complained) this.#log('warn', `cannot save ${this.#path}: ${messageOf(error)} (a restart would start from older state)`)
        this.#complained = true
        this.#next ??= value
        this.#retry = setTimeout(() => this.#next !== undefined && this.save(this.#next), retryMs).unref()
        break
      }
    }
    this.#saving = null
  }
}
