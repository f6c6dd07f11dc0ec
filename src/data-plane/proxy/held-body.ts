/** What is at hand of a request's body: all there is until the request is sent, then only while it can be sent again. */
export class HeldBody {
  /** All of it has come. */
  complete = true
  /** What has come is at hand. */
  kept = true
  /** Null: nothing, as for most requests. */
  #parts: Buffer[] | null = null

  add(chunk: Buffer): void {
    if (chunk.length === 0 || !this.kept) return
    if (this.#parts === null) this.#parts = [chunk]
    else this.#parts.push(chunk)
  }

  /** Null: there is none. */
  content(): Buffer | null {
    const parts = this.#parts
    if (parts === null) return null
    return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)
  }

  /** It cannot be sent again from now on. */
  forget(): void {
    this.kept = false
    this.#parts = null
  }

  /** The whole of it is here and can be sent (again). */
  get replayable(): boolean {
    return this.complete && this.kept
  }
}
