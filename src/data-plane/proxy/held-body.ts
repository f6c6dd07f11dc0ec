/** What is at hand of a request's body: all there is until the request is sent, then only while it can be sent again. */
export class HeldBody {
  /** All of it has come. */
  complete = true
  #parts: Buffer[] | null = []

  add(chunk: Buffer): void {
    if (chunk.length > 0) this.#parts?.push(chunk)
  }

  /** Null: there is none. */
  content(): Buffer | null {
    const parts = this.#parts
    if (parts === null || parts.length === 0) return null
    return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)
  }

  /** It cannot be sent again from now on. */
  forget(): void {
    this.#parts = null
  }

  get kept(): boolean {
    return this.#parts !== null
  }

  /** The whole of it is here and can be sent (again). */
  get replayable(): boolean {
    return this.complete && this.#parts !== null
  }
}
