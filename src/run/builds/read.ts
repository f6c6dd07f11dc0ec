/** Questions about builds. */
import type { Build } from '#contract/model.ts'
import type { Db } from '#kernel/db/db.ts'
import type { BuildTarget } from './model.ts'

const columns = 'b.id, b.app, b.environment, b.state, b.source, b.builder, b.because, b.release, b.by_name, b.queued_at, b.started_at, b.finished_at, a.size_bytes'

type Row = { id: string; app: string; environment: string; state: Build['state']; source: Build['source']; builder: string | null; because: string; release: number | null; by_name: string; queued_at: Date; started_at: Date | null; finished_at: Date | null; size_bytes: number | null }

export async function readBuild(db: Db, target: BuildTarget, id: string): Promise<Build | undefined> {
  const row = await db.maybe<Row>(`SELECT ${columns} FROM builds b LEFT JOIN artifacts a ON a.id = b.artifact_id WHERE b.app = $1 AND b.environment = $2 AND b.id = $3`, [target.app, target.environment, id])
  return row && toBuild(row)
}

/** Newest first. */
export async function listBuilds(db: Db, target: BuildTarget, limit: number): Promise<Build[]> {
  const rows = await db.query<Row>(`SELECT ${columns} FROM builds b LEFT JOIN artifacts a ON a.id = b.artifact_id WHERE b.app = $1 AND b.environment = $2 ORDER BY b.queued_at DESC, b.id DESC LIMIT $3`, [target.app, target.environment, limit])
  return rows.map(toBuild)
}

export async function buildExists(db: Db, id: string): Promise<boolean> {
  return (await db.maybe('SELECT 1 FROM builds WHERE id = $1', [id])) !== undefined
}

function toBuild(row: Row): Build {
  const { kind, commit, branch, image } = row.source
  return {
    id: row.id,
    app: row.app,
    environment: row.environment,
    state: row.state,
    source: { kind, commit, branch, image },
    builder: row.builder,
    because: row.because,
    release: row.release,
    sizeBytes: row.size_bytes,
    queuedAt: row.queued_at.toISOString(),
    startedAt: row.started_at?.toISOString() ?? null,
    finishedAt: row.finished_at?.toISOString() ?? null,
    by: row.by_name,
  }
}
