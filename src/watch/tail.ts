/**
 * The newest items of an append-only table, shared by all streams of this process: one query per wake-up however many
 * listen. A listener is nothing but its own position, so that a slow one holds nothing up and costs nothing; when it has
 * fallen out of what is kept, it reads from the database until it has caught up. While nobody listens, nothing runs.
 *
 * Positions must become visible in order: what is read after `position` is all there will ever be up to `upTo`.
 */
import { messageOf } from '#base/errors.ts'

export type TailPage<T> = { /** There is more after it. */ more: boolean; /** Differs from the position asked for when items in between are not in this page. */ from: number; upTo: number; items: T[] }

export type TailSource<T> = {
  /** How many items to keep in memory. */
  keep: number
  position(item: T): number
  /** The newest position there is. */
  top(): Promise<number>
  after(position: number): Promise<TailPage<T>>
  /** Calls `wake` when there may be more. */
  listen(wake: () => void): () => void
  onError?: (error: unknown) => void
}

/** A notification may be lost with its connection; this finds what it told of. */
const periodMs = 1000
const pageItems = 500

export class Tail<T> {
  readonly #source: TailSource<T>
  #items: T[] = []
  /** All items after `#from` up to `#upTo` are in `#items`. */
  #from = 0
  #upTo = 0
  #listeners = 0
  #waiters = new Set<() => void>()
  #unlisten: (() => void) | undefined
  #timer: NodeJS.Timeout | undefined
  #reading = false
  #again = false
  #started = false
  #closed = false
  lastError: string | undefined

  constructor(source: TailSource<T>) {
    this.#source = source
  }

  top(): Promise<number> {
    return this.#source.top()
  }

  /** Keeps the tail running until disposed. */
  open(): Disposable {
    if (this.#listeners++ === 0) this.#start()
    let open = true
    return {
      [Symbol.dispose]: () => {
        if (!open) return
        open = false
        if (--this.#listeners === 0) this.#stop()
      },
    }
  }

  /** Some items after a position, or undefined when they are not (or no longer) kept here. */
  since(position: number): { items: T[]; upTo: number } | undefined {
    if (!this.#started || position < this.#from) return undefined
    let [low, high] = [0, this.#items.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#source.position(this.#items[middle] as T) <= position) low = middle + 1
      else high = middle
    }
    const items = this.#items.slice(low, low + pageItems)
    const last = items.at(-1)
    return { items, upTo: items.length === pageItems && last !== undefined ? this.#source.position(last) : Math.max(position, this.#upTo) }
  }

  /** Resolves when there may be something after a position, or the signal aborts, or after a while. */
  wait(position: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#closed || (this.#started && this.#upTo > position)) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        this.#waiters.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      this.#waiters.add(done)
      signal.addEventListener('abort', done, { once: true })
    })
  }

  /** For good: nobody waits any more. */
  close(): void {
    this.#closed = true
    this.#stop()
    this.#wakeAll()
  }

  #start() {
    if (this.#closed) return
    this.#unlisten = this.#source.listen(() => void this.#read())
    this.#timer = setInterval(() => void this.#read(), periodMs)
    void this.#read()
  }

  #stop() {
    this.#unlisten?.()
    this.#unlisten = undefined
    clearInterval(this.#timer)
    this.#started = false
    this.#items = []
  }

  #wakeAll() {
    for (const waiter of [...this.#waiters]) waiter()
  }

  async #read() {
    if (this.#reading) {
      this.#again = true
      return
    }
    this.#reading = true
    try {
      do {
        this.#again = false
        if (!this.#started && this.#listeners > 0) {
          const top = await this.#source.top()
          this.#from = this.#upTo = top
          this.#items = []
          this.#started = true
          this.#wakeAll() // those who start behind read from the database first
        }
        while (this.#started) {
          const page = await this.#source.after(this.#upTo)
          if (!this.#started) break
          if (page.from > this.#upTo) {
            this.#items = []
            this.#from = page.from
          }
          const before = this.#upTo
          this.#items = this.#items.concat(page.items)
          this.#upTo = Math.max(this.#upTo, page.upTo)
          this.#trim()
          if (this.#upTo > before) this.#wakeAll()
          if (!page.more) break
        }
      } while (this.#again)
      this.lastError = undefined
    } catch (error) {
      this.lastError = messageOf(error) // the period is the retry
      this.#source.onError?.(error)
    } finally {
      this.#reading = false
    }
  }

  #trim() {
    const excess = this.#items.length - this.#source.keep
    if (excess <= 0) return
    this.#from = this.#source.position(this.#items[excess - 1] as T)
    this.#items = this.#items.slice(excess)
  }
}
