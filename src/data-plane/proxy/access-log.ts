import { appendFileSync, closeSync, mkdirSync, openSync, readSync, renameSync, rmSync, statSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { messageOf } from '#base/errors.ts'
import type { LinkLog } from '../link.ts'

/**
 * One JSON line a request, appended to a file that only grows; at its bound the file becomes `access.log.1`, the older
 * ones move up and the oldest goes. Lines are gathered and written together, whole lines only.
 *
 * Bounded everywhere: when the disk is slow or full, lines beyond `maxPendingBytes` are dropped and counted, and a
 * `{"at":…,"dropped":n}` line says so. A request never waits for its line.
 */
export type AccessLogOptions = { path: string; maxFileBytes?: number; files?: number; flushMs?: number; log: LinkLog }

const maxPendingBytes = 8 * 1024 * 1024
const flushBytes = 256 * 1024

export class AccessLog {
  readonly #options: Required<AccessLogOptions>
  #pending: string[] = []
  #pendingBytes = 0
  #dropped = 0
  #size: number
  #writing: Promise<void> | null = null
  #timer: NodeJS.Timeout | undefined
  #complained = false

  constructor(options: AccessLogOptions) {
    this.#options = { maxFileBytes: 16 * 1024 * 1024, files: 4, flushMs: 200, ...options }
    mkdirSync(dirname(options.path), { recursive: true, mode: 0o700 })
    this.#size = endLastLine(options.path)
  }

  get waitingBytes(): number {
    return this.#pendingBytes
  }

  /** `line` ends with a newline. */
  add(line: string): void {
    if (this.#pendingBytes > maxPendingBytes) {
      this.#dropped++
      return
    }
    this.#pending.push(line)
    this.#pendingBytes += line.length
    if (this.#pendingBytes >= flushBytes) this.#flush()
    else this.#timer ??= setTimeout(() => this.#flush(), this.#options.flushMs)
  }

  /** Everything added so far is in the file. */
  async close(): Promise<void> {
    while (this.#pending.length > 0 || this.#writing !== null) {
      this.#flush()
      await this.#writing
    }
  }

  #flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#writing !== null || this.#pending.length === 0) return
    if (this.#dropped > 0) this.#pending.push(`{"at":"${new Date().toISOString()}","dropped":${this.#dropped}}\n`)
    this.#dropped = 0
    const text = this.#pending.join('')
    this.#pending = []
    this.#pendingBytes = 0
    this.#writing = this.#write(text)
      .catch((error: unknown) => {
        if (!this.#complained) this.#options.log('warn', `cannot write ${this.#options.path}: ${messageOf(error)} (requests go on unlogged)`)
        this.#complained = true
      })
      .finally(() => {
        this.#writing = null
        if (this.#pendingBytes >= flushBytes) this.#flush()
        else if (this.#pending.length > 0) this.#timer ??= setTimeout(() => this.#flush(), this.#options.flushMs)
      })
  }

  async #write(text: string): Promise<void> {
    if (this.#size >= this.#options.maxFileBytes) this.#rotate()
    const bytes = Buffer.from(text)
    let file: FileHandle | undefined
    try {
      file = await open(this.#options.path, 'a', 0o600)
      await file.appendFile(bytes)
      this.#size += bytes.length
      this.#complained = false
    } finally {
      await file?.close()
    }
  }

  #rotate(): void {
    const { path, files } = this.#options
    rmSync(`${path}.${files}`, { force: true })
    for (let n = files - 1; n >= 1; n--) move(`${path}.${n}`, `${path}.${n + 1}`)
    move(path, `${path}.1`)
    this.#size = 0
  }
}

/** A kill in the middle of a write leaves half a line; what comes next must not be glued to it. Returns the size. */
function endLastLine(path: string): number {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  if (size === 0) return 0
  const last = Buffer.alloc(1)
  const file = openSync(path, 'r')
  readSync(file, last, 0, 1, size - 1)
  closeSync(file)
  if (last[0] === 0x0a) return size
  try {
    appendFileSync(path, '\n')
  } catch {
    return size // a full disk must not keep the proxy from starting; two lines are glued together then
  }
  return size + 1
}

function move(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

let lastMs = 0
let lastIso = ''
/** ISO time; at high rates many lines share a millisecond, and formatting costs more than the rest of a line. */
export function isoTime(ms: number): string {
  if (ms !== lastMs) {
    lastMs = ms
    lastIso = new Date(ms).toISOString()
  }
  return lastIso
}

/** As JSON.stringify, for text that hardly ever needs an escape. */
export function quote(text: string): string {
  return /[^ !#-[\]-~]/.test(text) ? JSON.stringify(text) : `"${text}"`
}
