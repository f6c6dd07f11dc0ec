/** The worker's side of a build log: one JSON object a line, bounded, without control characters that would garble a terminal. */
import { closeSync, openSync, writeSync } from 'node:fs'

export class WorkerLog {
  readonly #fd: number
  #left: number

  constructor(path: string, maxBytes: number) {
    this.#fd = openSync(path, 'a', 0o600)
    this.#left = maxBytes
  }

  line(text: string): void {
    if (this.#left <= 0) return
    const record = `${JSON.stringify({ at: new Date().toISOString(), text: printable(text) })}\n`
    this.#left -= Buffer.byteLength(record)
    writeSync(this.#fd, this.#left > 0 ? record : `${JSON.stringify({ at: new Date().toISOString(), text: '(the rest of the log is left out: it outgrew its bound)' })}\n`)
  }

  /** A heading: what happens now. */
  step(text: string): void {
    this.line(`-----> ${text}`)
  }

  close(): void {
    closeSync(this.#fd)
  }
}

/** A progress bar's last state is what a terminal would show; colours stay, every other control sequence goes. */
export function printable(text: string): string {
  const last = text.replace(/\r+$/, '').split('\r').at(-1) as string
  return last.replace(/\x1b\[[0-9;]*m|\x1b\[[0-9;?]*[A-Za-z]|\x1b[^[]|[\x00-\x08\x0b-\x1f\x7f]/g, (sequence) => (/^\x1b\[[0-9;]*m$/.test(sequence) ? sequence : ''))
}
