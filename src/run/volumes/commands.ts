import path from 'node:path'
import type { Actor } from '#contract/model.ts'
import type { Db } from '#kernel/db/db.ts'
import { record } from '#kernel/journal.ts'

/** Makes a volume's row once; an existing one is never re-pointed. Its folder is made by the machine that mounts it. */
export async function ensureVolume(tx: Db, volume: { app: string; environment: string; service: string; name: string; machine: string; home: string; actor: Actor; now: Date }): Promise<void> {
  const { app, environment, service, name, machine, actor, now } = volume
  const hostPath = path.join(path.resolve(volume.home), 'volumes', app, environment, name)
  const made = await tx.query('INSERT INTO volumes (app, environment, name, machine, host_path, created_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING name', [app, environment, name, machine, hostPath, now])
  if (made.length > 0) await record(tx, { at: now, kind: 'volume.created', actor, app, environment, service, machine, summary: `the volume ${name} of ${app} was made on ${machine}`, data: { name } })
}
