/** What the watchers say of every service that should serve, and of every machine; read anew each turn. */
import { parseDuration } from '#base/units.ts'
import type { Manifest } from '#contract/manifest.ts'
import type { Db } from '#kernel/db/db.ts'
import { type ScaleRow, readScales } from '#run/apps/read-config.ts'
import { type InstanceRow, currentObservation, instanceNameOf } from '#run/instances/model.ts'
import { liveInstances } from '#run/instances/read.ts'
import { diskUse, readMachines } from '#run/machines/read.ts'
import { effectiveManifest } from '#run/manifest/effective.ts'
import { servingReleases } from '#run/releases/read.ts'
import { ejectionsSince, fallsSince } from '#watch/journal/read.ts'
import { isOthers } from '#watch/alerts/model.ts'
import { openAlerts } from '#watch/alerts/read.ts'
import { recentCounts, usualCounts } from '#watch/traffic/read.ts'
import { isConspicuous } from './traffic-conditions.ts'
import type { CountFacts, InstanceFacts, MachineFacts, ServiceFacts } from './model.ts'

const windowMs = 10 * 60_000

export async function readServiceFacts(db: Db, now: Date): Promise<ServiceFacts[]> {
  const since = new Date(now.getTime() - windowMs)
  const [serving, scales, instances, counts, falls, ejections] = [await servingReleases(db), await readScales(db), await liveInstances(db), await recentCounts(db, now), await fallsSince(db, since), await ejectionsSince(db, since)]
  // what is only a warning tells a person; it is no reason to undo a change
  const told = (await openAlerts(db)).filter(({ target, severity }) => isOthers(target) && severity === 'critical')
  const facts = serving.flatMap(({ app, environment, release, manifest, rolling_out }) =>
    Object.entries(effectiveManifest(manifest, environment).services).map(([service, spec]): ServiceFacts => {
      const mine = <T extends { app: string; environment: string; service: string }>(rows: readonly T[]) => rows.filter((row) => row.app === app && row.environment === environment && row.service === service)
      const [[minute = nothing], [recent = nothing]] = [mine(counts.minute), mine(counts.tenMinutes)]
      return {
        app, environment, service,
        wanted: wantedOf(mine(scales), spec),
        needs: Object.keys(spec.needs),
        ownsVolume: Object.keys(spec.volumes).length > 0,
        startupMs: parseDuration(spec.health?.startup ?? '60s'),
        instances: mine(instances).filter((row) => row.kind === 'service' && row.wanted === 'run').map(instanceFacts),
        requests: minute.requests,
        errors: minute.errors,
        latency: minute.latency,
        recent,
        usual: null,
        told: told.filter((alert) => alert.app === app && alert.environment === environment && alert.service === service),
        faults: mine(falls).filter((fall) => fall.release === null || fall.release === release).map(({ at }) => at),
        ejections: Object.fromEntries(mine(ejections).map((row) => [row.instance, row.n])),
        rollingOut: rolling_out,
      }
    }),
  )
  const usual = await usualCounts(db, facts.filter(isConspicuous), now)
  return facts.map((one) => ({ ...one, usual: usual.find((each) => each.app === one.app && each.environment === one.environment && each.service === one.service) ?? null }))
}

const nothing: CountFacts = { requests: 0, errors: 0, latency: [] }

export async function readMachineFacts(db: Db): Promise<MachineFacts[]> {
  const [machines, disks] = [await readMachines(db), await diskUse(db)]
  return machines.map(({ name, state, lastSeenAt, instances }) => ({ name, connected: state === 'connected', lastSeenAt: new Date(lastSeenAt), instances, disk: disks.get(name) ?? null }))
}

function wantedOf(scales: readonly ScaleRow[], spec: Manifest['services'][string]): number {
  return scales[0]?.count ?? spec.scale ?? 1
}

function instanceFacts(row: InstanceRow): InstanceFacts {
  const seen = currentObservation(row)
  return {
    id: row.id,
    name: instanceNameOf(row),
    machine: row.machine,
    state: seen?.state ?? null,
    because: seen?.because ?? 'its machine has not taken it up yet',
    startedAt: seen?.startedAt ? new Date(seen.startedAt) : null,
    createdAt: row.created_at,
    outOfMemory: seen?.lastExit?.oom === true,
    finished: seen?.state === 'exited' && seen.lastExit?.code === 0,
  }
}
