/** The words of the log store: a stored line, a query, a cursor. Pure. */
import { AppError } from '#base/errors.ts'
import type { LogLine } from '#contract/model.ts'
import { type LogStream, logStreams } from '#contract/wire.ts'
import type { Expression } from './query/ast.ts'
import { type FlatValue, flatFields, messageOfFields, structureOf, traceOfFields } from './structure.ts'

export type Level = LogLine['level']

/** Stored by place in this list, and in `logStreams`: append only. */
export const levels = ['unknown', 'debug', 'info', 'warn', 'error'] as const satisfies readonly Level[]

/** A line as it is stored. `line` is its place in the order of arrival; `atMs` is when the instance wrote it. */
export type StoredLine = { line: number; atMs: number; source: number; stream: number; level: number; text: string }

/** Who wrote a line. */
export type SourceLabels = { id: number; app: string; environment: string; service: string; instance: string; release: number | null; machine: string }

export type LogQuery = {
  /** Apps the caller may see; null = all. */
  apps?: readonly string[] | null | undefined
  app?: string | undefined
  environment?: string | undefined
  service?: string | undefined
  instance?: string | undefined
  release?: number | undefined
  /** One source only, such as a build. */
  source?: string | undefined
  streams?: readonly LogStream[] | undefined
  /** This level and what is graver; `unknown` counts as info. */
  level?: Exclude<Level, 'unknown'> | undefined
  /** Substring, without regard to case. */
  text?: string | undefined
  /** A parsed search (`query/parser.ts`), beside all of the above. */
  where?: Expression | null | undefined
}

export type LogPageQuery = LogQuery & {
  /** Both included. */
  since?: Date | undefined
  until?: Date | undefined
  /** Cursors, both excluded. */
  before?: string | undefined
  after?: string | undefined
  limit?: number | undefined
  /** How long to search before giving a partial answer; default 2000. */
  budgetMs?: number | undefined
}

/** oldest first; `next` goes into `before` for what is older, null when there is nothing older. */
export type LogPage = { lines: LogLine[]; partial: boolean; next: string | null }

/** Ordered by time, then by arrival. */
export type Position = { atMs: number; line: number }

export function comparePositions(a: Position, b: Position): number {
  return a.atMs - b.atMs || a.line - b.line
}

const timeDigits = 9
const lineDigits = 10

/** 19 characters that sort like the positions they stand for. */
export function cursorOf({ atMs, line }: Position): string {
  return atMs.toString(36).padStart(timeDigits, '0') + line.toString(36).padStart(lineDigits, '0')
}

/** Throws `invalid`. */
export function parseCursor(cursor: string): Position {
  if (!/^[0-9a-z]{19}$/.test(cursor)) throw new AppError('invalid', `"${cursor.slice(0, 40)}" is not a cursor of a log line (pass one back as it came)`)
  return { atMs: Number.parseInt(cursor.slice(0, timeDigits), 36), line: Number.parseInt(cursor.slice(timeDigits), 36) }
}

export function toLogLine(row: StoredLine, labels: SourceLabels): LogLine {
  return {
    cursor: cursorOf(row),
    at: new Date(row.atMs).toISOString(),
    app: labels.app,
    environment: labels.environment,
    service: labels.service,
    instance: labels.instance,
    release: labels.release,
    stream: logStreams[row.stream] ?? 'system',
    level: levels[row.level] ?? 'unknown',
    text: row.text,
    ...structured(row.text),
  }
}

function structured(text: string): { message?: string; fields?: Record<string, FlatValue>; trace?: string } {
  const structure = structureOf(text)
  if (structure === null) return {}
  const [message, trace] = [messageOfFields(structure), traceOfFields(structure)]
  return { fields: flatFields(structure.fields), ...(message === undefined ? {} : { message }), ...(trace === undefined ? {} : { trace }) }
}

/** What "without regard to case" means here, for lines and for what is searched alike. */
export function fold(text: string): string {
  return text.toLowerCase()
}

export function bitMask(places: Iterable<number>): number {
  let mask = 0
  for (const place of places) mask |= 1 << place
  return mask
}
