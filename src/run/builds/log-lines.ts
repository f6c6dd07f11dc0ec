/** Reads a build log page by page. A page counts once it was `taken`: until then the next call gives it again, with what has come to it. */
import { open } from 'node:fs/promises'
import { parseLine } from './log.ts'

export type LinesPage = { /** Place of the first line in the log. */ from: number; lines: { at: string; text: string }[]; /** Of the file. */ bytes: number }

export class LogLines {
  readonly #path: string
  #position = 0
  #line = 0

  constructor(path: string) {
    this.#path = path
  }

  /** Whole lines of so many bytes at most; none: there is nothing new, or no log. What is no line of a log (torn by a kill) counts as none. */
  async next(maxBytes: number): Promise<LinesPage> {
    const file = await open(this.#path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null
      throw error
    })
    if (file === null) return { from: this.#line, lines: [], bytes: 0 }
    try {
      const buffer = Buffer.allocUnsafe(maxBytes)
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, maxBytes, this.#position)
        const end = buffer.subarray(0, bytesRead).lastIndexOf(10)
        const lines = buffer.toString('utf8', 0, end + 1).split('\n').map(parseLine).filter((line) => line !== null)
        if (lines.length > 0 || end === -1) return { from: this.#line, lines, bytes: end + 1 }
        this.#position += end + 1
      }
    } finally {
      await file.close()
    }
  }

  taken(page: LinesPage): void {
    this.#position += page.bytes
    this.#line += page.lines.length
  }
}
