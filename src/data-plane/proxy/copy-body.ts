import { ChunkWalker } from './chunked.ts'
import type { Copies } from './copies.ts'

/** A body on its way to the client, taken along: copied, since the memory that it comes in is read into again. */
export class CopyBody {
  readonly #copies: Copies
  readonly #chunks: ChunkWalker | null
  #parts: Buffer[] = []
  #bytes = 0

  /** `coded`: it comes chunk-coded, and is kept as content. */
  constructor(copies: Copies, coded: boolean) {
    this.#copies = copies
    this.#chunks = coded ? new ChunkWalker() : null
  }

  /** False: it is too much, and has been let go. */
  add(chunk: Buffer): boolean {
    let fits = true
    if (this.#chunks === null) fits = this.#keep(chunk)
    else {
      const spans: Buffer[] = []
      const end = this.#chunks.walk(chunk, 0, (from, to) => spans.push(chunk.subarray(from, to)))
      fits = end !== -1 && spans.every((span) => this.#keep(span))
    }
    if (!fits) this.drop()
    return fits
  }

  #keep(bytes: Buffer): boolean {
    if (this.#bytes + bytes.length > this.#copies.entryBytes || !this.#copies.reserve(bytes.length)) return false
    this.#bytes += bytes.length
    this.#parts.push(Buffer.from(bytes))
    return true
  }

  /** All of it, in memory of its own: a small piece of Node's shared pool would hold all of that pool. */
  whole(): Buffer {
    const whole = Buffer.allocUnsafeSlow(this.#bytes)
    let at = 0
    for (const part of this.#parts) at += part.copy(whole, at)
    this.drop()
    return whole
  }

  drop(): void {
    this.#copies.giveBack(this.#bytes)
    this.#parts = []
    this.#bytes = 0
  }
}
