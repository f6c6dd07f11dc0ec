/**
 * Another engine for sealed lines: new ones are rows in PostgreSQL as always, and go there when they are sealed, instead of into chunks. So what
 * is exactly once stays so, whatever the engine promises: lines go there before they go here, and a line put there twice is one line.
 */
import type { LineFilter } from '../filter.ts'
import type { LogQuery, StoredLine } from '../model.ts'
import type { Bounds } from '../read-rows.ts'

export type ArchiveLine = StoredLine & { app: string; environment: string }

export type ArchiveQuery = {
  query: Pick<LogQuery, 'apps' | 'app' | 'environment'>
  filter: LineFilter
  /** Ids of those who wrote; null: anybody. */
  sources: readonly number[] | null
  /** Lines from this one on are not asked of it. */
  sealedBelow: number
  bounds: Bounds
  order: 'newest' | 'arrival'
  limit: number
}

export type Archive = {
  /** Makes what it needs there. Idempotent. */
  prepare(): Promise<void>
  /** Idempotent by line. Resolves when they are stored and can be read. */
  insert(rows: readonly ArchiveLine[]): Promise<void>
  /** In order; may be more than fit, never fewer. */
  select(question: ArchiveQuery): Promise<StoredLine[]>
  /** Forgets lines of an app, or of all others than `except`, that are older. */
  drop(of: { app: string } | { except: readonly string[] }, beforeMs: number): Promise<void>
  close(): void
}
