/**
 * When a task's output files had which size, so that a line that is read later carries the time at which it was written.
 *
 * While nothing is written this costs nothing: the kernel says when something is (inotify), once. From then on the sizes are looked at
 * every `lookMs`, whatever is written meanwhile, until it is quiet again. A machine without a watch to give has no marks, and lines the
 * time of the last write before they were read.
 */
import { type FSWatcher, statSync, watch } from 'node:fs'

const lookMs = 20
/** Looks without growth after which the kernel is asked again. */
const quietLooks = 5
/** Of each file; a reader that stays away for long gets coarser times. */
const mostMarks = 1000

type Mark = { /** Bytes of the file. */ size: number; /** ms since 1970 */ at: number }
type File = { path: string; marks: Mark[]; size: number; watcher: FSWatcher | null }

export class Growth {
  readonly #files: File[]
  readonly #onOutput: () => void
  #timer: NodeJS.Timeout | undefined
  #quiet = 0
  #closed = false

  /** `onOutput`: something was written after a while without, some `lookMs` ago. */
  constructor(files: readonly string[], onOutput: () => void) {
    this.#files = files.map((path) => ({ path, marks: [], size: sizeOf(path)?.size ?? 0, watcher: null }))
    this.#onOutput = onOutput
    this.#arm()
  }

  /** When what ends at byte `to` of a file was there; undefined: it was not seen. `from`: what lies before is not asked for any more. */
  timesOf(path: string, from: number): (to: number) => number | undefined {
    const marks = this.#files.find((file) => file.path === path)?.marks ?? []
    const first = marks.findIndex(({ size }) => size > from)
    marks.splice(0, first === -1 ? marks.length : first)
    let next = 0
    return (to) => {
      while (next < marks.length && (marks[next] as Mark).size < to) next++
      return marks[next]?.at
    }
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#disarm()
  }

  #arm(): void {
    for (const file of this.#files) {
      try {
        file.watcher = watch(file.path, { persistent: false }, () => this.#begin())
        file.watcher.on('error', () => file.watcher?.close())
      } catch {
        // no more watches on this machine, or it is gone
      }
    }
    // what was written before the watch was there
    if (this.#mark()) this.#begin()
  }

  #disarm(): void {
    for (const file of this.#files) {
      file.watcher?.close()
      file.watcher = null
    }
  }

  #begin(): void {
    if (this.#closed || this.#timer !== undefined) return
    this.#disarm()
    this.#mark()
    this.#quiet = 0
    this.#timer = setTimeout(() => this.#look(true), lookMs).unref()
  }

  #look(isFirst: boolean): void {
    this.#quiet = this.#mark() ? 0 : this.#quiet + 1
    if (isFirst) this.#onOutput()
    this.#timer = undefined
    if (this.#closed) return
    if (this.#quiet >= quietLooks) this.#arm()
    else this.#timer = setTimeout(() => this.#look(false), lookMs).unref()
  }

  /** True when any has grown. */
  #mark(): boolean {
    let hasGrown = false
    for (const file of this.#files) {
      const now = sizeOf(file.path)
      if (now === null || now.size === file.size) continue
      if (now.size < file.size) file.marks.length = 0 // it was emptied or cut: its bytes are others
      file.size = now.size
      file.marks.push({ size: now.size, at: Math.max(now.at, file.marks.at(-1)?.at ?? 0) })
      // of two neighbours the later one holds for both
      if (file.marks.length > mostMarks) file.marks = file.marks.filter((_, nth) => nth % 2 === 1 || nth === file.marks.length - 1)
      hasGrown = true
    }
    return hasGrown
  }
}

function sizeOf(path: string): Mark | null {
  const found = statSync(path, { throwIfNoEntry: false })
  // a whole number, cut and not rounded, as a line that is read before it was looked at gets it: else two writes of one moment may change places
  return found === undefined ? null : { size: found.size, at: Math.floor(Math.min(found.mtimeMs, Date.now())) }
}
