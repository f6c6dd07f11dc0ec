/**
 * Splits a byte stream into lines without losing or garbling any: keeps the tail of a chunk that has no
 * newline yet, and cuts a line that outgrows `maxBytes` into several.
 */
export class LineSplitter {
  #tail: Buffer = Buffer.alloc(0)
  readonly #maxBytes: number

  constructor(maxBytes = 16 * 1024) {
    this.#maxBytes = maxBytes
  }

  push(chunk: Buffer): string[] {
    const data = this.#tail.length === 0 ? chunk : Buffer.concat([this.#tail, chunk])
    const lines: string[] = []
    let start = 0
    while (true) {
      const end = data.indexOf(10, start)
      const stop = end === -1 ? data.length : end
      while (stop - start > this.#maxBytes) {
        lines.push(data.toString('utf8', start, start + this.#maxBytes))
        start += this.#maxBytes
      }
      if (end === -1) break
      lines.push(data.toString('utf8', start, end > start && data[end - 1] === 13 ? end - 1 : end))
      start = end + 1
    }
    this.#tail = Buffer.from(data.subarray(start))
    return lines
  }

  /** The unfinished last line, once the stream has ended. */
  end(): string[] {
    const rest = this.#tail.toString('utf8')
    this.#tail = Buffer.alloc(0)
    return rest === '' ? [] : [rest]
  }
}
