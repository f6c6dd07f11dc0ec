/** What was changed lately, with what would undo it. */
import type { Db } from '#kernel/db/db.ts'
import { yardstickOf } from '#run/releases/read.ts'
import type { Change } from './model.ts'

type SwitchRow = { event: number; at: Date; app: string; environment: string; release: number; description: string; by_name: string; from_release: number | null; stands: boolean }
type ScaleRow = { event: number; at: Date; app: string; environment: string; summary: string; by_name: string; services: Record<string, number>; before: Record<string, number | null> | null; now: Record<string, number> | null }

/** Switches of releases and changes of scale since a time, newest first. */
export async function readChanges(db: Db, since: Date): Promise<Change[]> {
  const [switches, scales] = [await readSwitches(db, since), await readScaleChanges(db, since)]
  return [...switches, ...scales].toSorted((a, b) => b.event - a.event)
}

/** Not to be undone: what a loop made (it would be swapped back and forth), what an operator accepted, the first release, what no longer serves. Nothing goes back to what was condemned. */
async function readSwitches(db: Db, since: Date): Promise<Change[]> {
  const rows = await db.query<SwitchRow>(
    `SELECT v.id AS event, v.at, v.app, v.environment, v.release, r.description, r.by_name, o.from_release,
       e.active_release = v.release AND NOT EXISTS (SELECT FROM bakes b WHERE b.app = v.app AND b.environment = v.environment AND b.release = v.release AND b.state = 'accepted')
         AND NOT EXISTS (SELECT FROM events m WHERE m.kind = 'release.created' AND m.app = v.app AND m.environment = v.environment AND m.release = v.release AND m.actor ->> 'kind' = 'loop') AS stands
     FROM events v
     JOIN environments e ON e.app = v.app AND e.name = v.environment
     JOIN releases r ON r.app = v.app AND r.environment = v.environment AND r.number = v.release
     JOIN LATERAL (SELECT from_release FROM rollouts WHERE app = v.app AND environment = v.environment AND release = v.release AND state = 'finished' ORDER BY finished_at DESC LIMIT 1) o ON true
     WHERE v.kind = 'release.activated' AND v.at >= $1 ORDER BY v.id DESC LIMIT 200`,
    [since],
  )
  const changes: Change[] = []
  for (const { event, at, app, environment, release, description, by_name: by, from_release: from, stands } of rows) {
    const to = stands && from !== null ? await yardstickOf(db, app, environment, release, from) : null
    changes.push({ event, at, kind: 'release.activated', app, environment, service: null, by, summary: `v${release} came (${description}, by ${by})`, undo: to === null ? null : { do: 'roll-back', release, to } })
  }
  return changes
}

/** Undone only while it is as that change left it. */
async function readScaleChanges(db: Db, since: Date): Promise<Change[]> {
  const rows = await db.query<ScaleRow>(
    `SELECT v.id AS event, v.at, v.app, v.environment, v.summary, v.actor ->> 'name' AS by_name, v.data -> 'services' AS services, v.data -> 'before' AS before,
       (SELECT jsonb_object_agg(s.service, s.count) FROM scales s WHERE s.app = v.app AND s.environment = v.environment) AS now
     FROM events v JOIN environments e ON e.app = v.app AND e.name = v.environment
     WHERE v.kind = 'scale.changed' AND v.actor ->> 'kind' <> 'loop' AND v.at >= $1 ORDER BY v.id DESC LIMIT 200`,
    [since],
  )
  return rows.map((row) => {
    const stands = row.before !== null && Object.entries(row.services).every(([service, count]) => row.now?.[service] === count)
    const [only, second] = Object.keys(row.services)
    return {
      event: row.event, at: row.at, kind: 'scale.changed', app: row.app, environment: row.environment, service: second === undefined ? (only ?? null) : null, by: row.by_name,
      summary: row.summary, undo: stands && row.before !== null ? { do: 'scale-back', from: row.services, to: row.before } : null,
    }
  })
}
