import type { Db } from '#kernel/db/db.ts'

export type VolumeRow = { app: string; environment: string; name: string; machine: string; host_path: string; created_at: Date }

/** Volumes of one app, or of all: they outlive their apps. */
export async function volumesOf(db: Db, app?: string): Promise<VolumeRow[]> {
  return db.query('SELECT * FROM volumes WHERE $1::text IS NULL OR app = $1 ORDER BY app, environment, name', [app ?? null])
}
