/** What must be there before a release's first instance: its volumes (made once, never re-pointed) and its edges. */
import { createHash } from 'node:crypto'
import net from 'node:net'
import path from 'node:path'
import type { Actor } from '#contract/model.ts'
import type { Database } from '#kernel/db/db.ts'
import { record } from '#kernel/journal.ts'
import { effectiveManifest } from '#run/manifest/effective.ts'
import { readRelease } from '#run/releases/read.ts'
import { ensureEdge } from '#run/routing/store.ts'

const actor: Actor = { kind: 'loop', name: 'rollouts' }

export function preparer(db: Database, home: string) {
  const startAt = createHash('sha256').update(path.resolve(home)).digest().readUInt16BE(0)
  return async function prepare(app: string, environment: string, release: number, machine: string): Promise<void> {
    const row = await readRelease(db, app, environment, release)
    const manifest = effectiveManifest(row.manifest, environment)
    await db.transaction(async (tx) => {
      for (const [from, service] of Object.entries(manifest.services)) {
        for (const to of Object.keys(service.needs)) await ensureEdge(tx, { app, environment, from, to }, startAt, isFree)
        for (const name of Object.keys(service.volumes)) {
          const made = await tx.query(
            'INSERT INTO volumes (app, environment, name, machine, host_path, created_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING name',
            [app, environment, name, machine, path.join(path.resolve(home), 'volumes', app, environment, name), new Date()],
          )
          if (made.length > 0) await record(tx, { at: new Date(), kind: 'volume.created', actor, app, environment, service: from, machine, summary: `the volume ${name} of ${app} was made on ${machine}`, data: { name } })
        }
      }
    })
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  })
}
