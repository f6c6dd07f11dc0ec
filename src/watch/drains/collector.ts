import type { LogLine } from '#contract/model.ts'

export type BatchLimits = { lines: number; chars: number; /** How long a batch may wait for more lines. */ lingerMs: number }

/** Makes batches of a stream of lines, and asks it for no more than a batch and one line. */
export class Collector {
  readonly #lines: AsyncGenerator<LogLine>
  #next: Promise<IteratorResult<LogLine>> | undefined

  constructor(lines: AsyncGenerator<LogLine>) {
    this.#lines = lines
  }

  /** Waits for a first line; empty when the stream has ended. */
  async take({ lines, chars, lingerMs }: BatchLimits): Promise<LogLine[]> {
    const batch: LogLine[] = []
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<'late'>((resolve) => void (timer = setTimeout(resolve, lingerMs, 'late')))
    try {
      for (let size = 0; batch.length < lines && size < chars; ) {
        this.#next ??= this.#lines.next()
        const found = batch.length === 0 ? await this.#next : await Promise.race([this.#next, late])
        if (found === 'late') break
        this.#next = undefined
        if (found.done) break
        batch.push(found.value)
        size += found.value.text.length
      }
      return batch
    } finally {
      clearTimeout(timer)
    }
  }
}
