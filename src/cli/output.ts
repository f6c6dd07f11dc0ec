/**
 * Everything the command line says. Answers go to stdout, notes and errors to stderr; colour only where a person looks
 * (a terminal, NO_COLOR unset), and never as the only carrier of a meaning.
 */
import type { Readable } from 'node:stream'

/** One end of the outside world, so that a test can be one. */
export type Screen = { write(text: string): unknown; isTTY?: boolean; columns?: number; rows?: number }

export type Io = {
  stdout: Screen
  stderr: Screen
  stdin: Readable & { isTTY?: boolean; setRawMode?: (on: boolean) => unknown }
  env: Readonly<Record<string, string | undefined>>
  cwd: string
}

export function processIo(): Io {
  return { stdout: process.stdout, stderr: process.stderr, stdin: process.stdin, env: process.env, cwd: process.cwd() }
}

const codes = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39], blue: [34, 39], magenta: [35, 39], cyan: [36, 39] } as const
export type Style = keyof typeof codes
export type Paint = (style: Style | undefined, text: string) => string

export function wantsColour(screen: Screen, env: Io['env']): boolean {
  if (env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '') return false
  return screen.isTTY === true && env['TERM'] !== 'dumb'
}

export function painter(on: boolean): Paint {
  return (style, text) => (on && style !== undefined && text !== '' ? `\x1b[${codes[style][0]}m${text}\x1b[${codes[style][1]}m` : text)
}

const colourSequence = /\x1b\[[0-9;:]*m/g
/** Titles, clipboard, links. */
const systemCommand = /\x1b\][^\x07\x1b]*(\x07|\x1b\\)?/g
const otherSequence = /\x1b\[[0-9;:?<=>!]*[ -/]*[@-~]?|\x1b[ -/]+.?|\x1b./g
/** All but tab and newline, and what turns the direction of the text that follows. */
const controlCharacter = /[\x01-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g

/**
 * Text of an app or of another person, fit for a terminal: escape sequences that could move the cursor, rename the
 * window or write to the clipboard are taken out; colours stay only when asked for.
 */
export function harmless(text: string, keepColours = false): string {
  const kept: string[] = []
  const marked = keepColours ? text.replace(colourSequence, (sequence) => `\0${kept.push(sequence) - 1}\0`) : text
  const plain = marked.replace(systemCommand, '').replace(otherSequence, '').replace(controlCharacter, '')
  if (kept.length === 0) return plain.replaceAll('\0', '')
  return plain.replace(/\0(\d+)\0/g, (_, index: string) => kept[Number(index)] ?? '').replaceAll('\0', '') + '\x1b[0m'
}

export class Output {
  readonly io: Io
  /** Colours for stdout. */
  readonly paint: Paint
  /** Colours for stderr. */
  readonly paintNote: Paint
  /** A person can be asked: both ends are a terminal. */
  readonly interactive: boolean
  readonly colour: boolean

  constructor(io: Io) {
    this.io = io
    this.colour = wantsColour(io.stdout, io.env)
    this.paint = painter(this.colour)
    this.paintNote = painter(wantsColour(io.stderr, io.env))
    this.interactive = io.stdin.isTTY === true && io.stderr.isTTY === true
  }

  line(text = ''): void {
    this.io.stdout.write(`${text}\n`)
  }

  /** A raw API answer. */
  json(value: unknown): void {
    this.io.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
  }

  /** One object of a stream. */
  jsonLine(value: unknown): void {
    this.io.stdout.write(`${JSON.stringify(value)}\n`)
  }

  /** A quiet remark beside the answer, on stderr. */
  note(text: string): void {
    this.io.stderr.write(`${this.paintNote('dim', text)}\n`)
  }

  warn(text: string): void {
    this.io.stderr.write(`${this.paintNote('yellow', 'warning:')} ${text}\n`)
  }

  /** Width of the terminal, undefined where the answer goes to a file or a pipe. */
  get columns(): number | undefined {
    return this.io.stdout.isTTY === true ? this.io.stdout.columns : undefined
  }
}
