/** What must be there before a release's first instance: its volumes (made once, never re-pointed) and its edges. */
import { createHash } from 'node:crypto'
import net from 'node:net'
import path from 'node:path'
import type { Actor } from '#contract/model.ts'
import type { Database } from '#kernel/db/db.ts'
import { effectiveManifest } from '#run/manifest/effective.ts'
import { readRelease } from '#run/releases/read.ts'
import { ensureEdge } from '#run/routing/commands.ts'
import { ensureVolume } from '#run/volumes/commands.ts'

const actor: Actor = { kind: 'loop', name: 'rollouts' }

export function preparer(db: Database, home: string) {
  const startAt = createHash('sha256').update(path.resolve(home)).digest().readUInt16BE(0)
  return async function prepare(app: string, environment: string, release: number, machine: string): Promise<void> {
    const row = await readRelease(db, app, environment, release)
    const manifest = effectiveManifest(row.manifest, environment)
    const now = new Date()
    await db.transaction(async (tx) => {
      for (const [from, service] of Object.entries(manifest.services)) {
        for (const to of Object.keys(service.needs)) await ensureEdge(tx, { app, environment, from, to }, startAt, isFree)
        for (const name of Object.keys(service.volumes)) {
          await ensureVolume(tx, { app, environment, service: from, name, machine, home, actor, now })
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
