import { ChunkWalker, type SpanSink } from './chunked.ts'

/**
 * Where a message body ends (RFC 9112 §6.3). The walker only counts: bytes are passed on as they are, unless the
 * other side cannot have them chunk-coded, then `onData` names the spans that are content.
 */
const framings = ['none', 'length', 'chunked', 'close'] as const
export type Framing = (typeof framings)[number]

export class BodyWalker {
  readonly framing: Framing
  done: boolean
  /** Set once `walk` has answered -1. */
  fault: 'chunk' | 'trailer' | null = null
  #remaining: number
  readonly #chunks: ChunkWalker | null

  constructor(framing: Framing, length = 0) {
    this.framing = framing
    this.#remaining = length
    this.#chunks = framing === 'chunked' ? new ChunkWalker() : null
    this.done = framing === 'none' || (framing === 'length' && length === 0)
  }

  get trailers(): string {
    return this.#chunks?.trailers ?? ''
  }

  /** Returns the index after the body's last byte in `buffer`, or its length when the body goes on; -1: malformed. */
  walk(buffer: Buffer, from: number, onData?: SpanSink): number {
    if (this.#chunks !== null) {
      const end = this.#chunks.walk(buffer, from, onData)
      this.fault = this.#chunks.fault
      this.done = this.#chunks.done
      return end
    }
    if (this.done) return from
    if (this.framing === 'close') {
      if (from < buffer.length) onData?.(from, buffer.length)
      return buffer.length
    }
    const end = Math.min(buffer.length, from + this.#remaining)
    if (end > from) onData?.(from, end)
    this.#remaining -= end - from
    this.done = this.#remaining === 0
    return end
  }
}
