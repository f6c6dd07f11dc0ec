/** Reads what `plan.ts` decides from: the facts of every environment, in a handful of queries. */
import { parseDuration, parsePercent } from '#base/units.ts'
import type { Manifest } from '#contract/manifest.ts'
import type { Db } from '#kernel/db/db.ts'
import type { EnvironmentRow } from '#run/apps/model.ts'
import { readScales } from '#run/apps/read-config.ts'
import { type InstanceRow, currentObservation } from '#run/instances/model.ts'
import { liveInstances } from '#run/instances/read.ts'
import { effectiveManifest } from '#run/manifest/effective.ts'
import type { ReleaseRow } from '#run/releases/model.ts'
import { shareOf } from './plan.ts'
import { isOpen, openRollouts } from './read.ts'
import type { EnvironmentFacts, InstanceFacts, ReleaseFacts, RolloutRow, ServiceWish } from './model.ts'

type NamedRelease = Pick<ReleaseRow, 'app' | 'environment' | 'number' | 'manifest' | 'secrets'>

/** All of one moment: give it a snapshot. `ownAddresses`: the machines' driver gives every task an address of its own, so that a fixed port is no conflict. */
export async function readFacts(db: Db, ownAddresses: boolean): Promise<EnvironmentFacts[]> {
  const environments = await db.query<EnvironmentRow>('SELECT * FROM environments ORDER BY app, name')
  const rollouts = await openRollouts(db)
  const instances = await liveInstances(db)
  const scales = await readScales(db)
  const releases = await db.query<NamedRelease>(
    `SELECT r.app, r.environment, r.number, r.manifest, r.secrets FROM releases r
     JOIN environments e ON e.app = r.app AND e.name = r.environment
     WHERE r.number = e.active_release OR EXISTS (SELECT FROM rollouts o WHERE o.app = r.app AND o.environment = r.environment AND o.release = r.number AND o.${isOpen})`,
  )
  return environments.map((env) => {
    const counts = new Map(scales.filter((row) => row.app === env.app && row.environment === env.name).map((row) => [row.service, row.count]))
    const named = (number: number | null | undefined): ReleaseFacts | null => {
      const release = releases.find((row) => row.app === env.app && row.environment === env.name && row.number === number)
      return release ? releaseFacts(release, counts, ownAddresses) : null
    }
    const open = rollouts.find((row) => row.app === env.app && row.environment === env.name)
    const target = named(open?.release)
    return {
      app: env.app,
      environment: env.name,
      stopped: env.stopped,
      active: named(env.active_release),
      rollout: open && target ? { id: open.id, state: open.state, startedAt: open.started_at, target, noted: open.steps.map(({ name }) => name), share: canaryShare(open.steps) } : null,
      instances: instances.filter((row) => row.app === env.app && row.environment === env.name && row.kind !== 'run').map(instanceFacts),
    }
  })
}

function releaseFacts(release: NamedRelease, counts: Map<string, number>, ownAddresses: boolean): ReleaseFacts {
  const manifest = effectiveManifest(release.manifest, release.environment)
  const needed = new Set(Object.values(manifest.services).flatMap((service) => service.secrets))
  return {
    number: release.number,
    releaseCommand: manifest.release !== undefined,
    strategy: strategyOf(manifest.deploy),
    missingSecrets: [...needed].filter((name) => release.secrets[name] === undefined).sort(),
    services: Object.entries(manifest.services).map(([name, service]) => serviceWish(name, service, counts, ownAddresses)),
  }
}

function strategyOf(deploy: Manifest['deploy']): ReleaseFacts['strategy'] {
  if (deploy.strategy !== 'canary') return { kind: deploy.strategy }
  return { kind: 'canary', percents: deploy.canary.map(parsePercent), holdMs: parseDuration(deploy.hold) }
}

/** The newest share that was reached. */
export function canaryShare(steps: RolloutRow['steps']): { percent: number; since: Date } | null {
  const newest = steps.findLast(({ name }) => shareOf(name) !== null)
  return newest ? { percent: shareOf(newest.name) ?? 0, since: new Date(newest.at) } : null
}

function serviceWish(name: string, service: Manifest['services'][string], counts: Map<string, number>, ownAddresses: boolean): ServiceWish {
  return {
    name,
    count: counts.get(name) ?? service.scale ?? 1,
    needs: Object.keys(service.needs),
    exclusive: Object.keys(service.volumes).length > 0 || (typeof service.port === 'number' && !ownAddresses),
    startupMs: parseDuration(service.health?.startup ?? '60s'),
  }
}

function instanceFacts(row: InstanceRow): InstanceFacts {
  const seen = currentObservation(row)
  return {
    id: row.id,
    kind: row.kind === 'release' ? 'release' : 'service',
    service: row.service,
    ordinal: row.ordinal,
    release: row.release,
    wanted: row.wanted === 'retire' ? 'retire' : 'run',
    restartBecause: row.restart_requested ? (row.restart_because ?? 'an operator asked for it') : null,
    state: seen?.state ?? null,
    because: seen?.because ?? 'its machine has not taken it up yet',
    hasStarted: seen !== null && seen.startedAt !== null,
    restarts: seen?.restarts ?? 0,
    exitCode: seen?.lastExit?.code ?? null,
    createdAt: row.created_at,
  }
}
