import { open } from 'node:fs/promises'
import type { AccessLog } from '#data-plane/proxy/access-log.ts'

/** When more than this waits to be written, TCP senders wait too. What comes by UDP meanwhile is dropped at the bound of the file's own queue. */
const maxWaitingBytes = 2 * 1024 * 1024
const lookMs = 20
const tailBytes = 128 * 1024

/** Numbers messages and appends them to a bounded file. A number that is missing there is a message that was lost, and is told of as such. */
export class Spool {
  readonly #file: AccessLog
  #next: number

  private constructor(file: AccessLog, next: number) {
    this.#file = file
    this.#next = next
  }

  /** Goes on with the numbers where the file ends. */
  static async open(path: string, file: AccessLog): Promise<Spool> {
    return new Spool(file, ((await lastNumber(path)) ?? (await lastNumber(`${path}.1`)) ?? 0) + 1)
  }

  /** False: that was taken, but no more should come until `ready`. */
  add(line: { at: string; sender: string; text: string }): boolean {
    this.#file.add(`${JSON.stringify({ n: this.#next++, ...line })}\n`)
    return this.#file.waitingBytes <= maxWaitingBytes
  }

  async ready(): Promise<void> {
    while (this.#file.waitingBytes > maxWaitingBytes / 2) await new Promise((resolve) => setTimeout(resolve, lookMs))
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

async function lastNumber(path: string): Promise<number | null> {
  const file = await open(path).catch(() => null)
  if (file === null) return null
  try {
    const { size } = await file.stat()
    const tail = Buffer.alloc(Math.min(size, tailBytes))
    await file.read(tail, 0, tail.length, size - tail.length)
    const numbers = [...tail.toString('utf8').matchAll(/^\{"n":(\d+),/gm)]
    return numbers.length === 0 ? null : Number(numbers.at(-1)?.[1])
  } finally {
    await file.close()
  }
}
