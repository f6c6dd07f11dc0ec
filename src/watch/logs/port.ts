/**
 * What a log store answers: the embedded one (`read.ts`), or another engine behind the same questions. A store may pass
 * lines over as it can (`query/prune.ts` says what a search implies), but what it gives fits the whole query (`fitsLine`)
 * and none that fits is missing, unless it says so: `partial`, with a cursor from where to go on.
 */
import type { LogLine } from '#contract/model.ts'
import type { LogStream } from '#contract/wire.ts'
import type { LogPage, LogPageQuery, LogQuery } from './model.ts'

/** What an app says while it runs, and what we say about it. */
export const appStreams: readonly LogStream[] = ['stdout', 'stderr', 'release', 'run', 'system']

/** What is shown when nobody says which streams: everything but requests. */
export const defaultStreams: readonly LogStream[] = [...appStreams, 'build']

export type StreamOptions = {
  /** A cursor: go on after it, in order of arrival. Wins over `backlog`. */
  after?: string | undefined
  /** Start with so many lines of the past. */
  backlog?: number | undefined
  signal: AbortSignal
}

export type LevelCounts = { at: Date; unknown: number; debug: number; info: number; warn: number; error: number }

/** `since` included, `until` excluded; both whole multiples of `stepMs` since 1970. */
export type CountWindow = { since: Date; until: Date; stepMs: number; budgetMs?: number | undefined }

/** Steps without lines are left out. `partialBefore`: earlier than that was not counted. */
export type LogCounts = { counts: LevelCounts[]; partialBefore: Date | null }

/** Lines of one service in the step that begins at `atMs`. */
export type PlaceCount = { atMs: number; app: string; environment: string; service: string; lines: number }

/** Steps and services without lines are left out. `partialBefore`: earlier than that was not counted. */
export type LogTally = { counts: PlaceCount[]; partialBefore: Date | null }

export type LogReader = {
  /** Oldest first, the newest lines that fit. Throws `invalid` for a bad cursor. */
  read(query: LogPageQuery): Promise<LogPage>
  /** Lines in order of arrival, for ever; ends when the signal aborts. */
  stream(query: LogQuery, options: StreamOptions): AsyncGenerator<LogLine>
  /** Lines per step and level, oldest first. */
  counts(query: LogQuery, window: CountWindow): Promise<LogCounts>
  /** Lines per step and service. Steps begin at `since`, which is a whole minute, and are whole minutes long. */
  tally(query: LogQuery, window: CountWindow): Promise<LogTally>
  close(): void
}
