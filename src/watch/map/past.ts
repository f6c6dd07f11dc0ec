/** What ran at a moment of the past, from the rows that tell of it. Pure. */
import type { EventKind } from '#contract/events.ts'
import type { Manifest } from '#contract/manifest.ts'
import type { Machine } from '#contract/model.ts'
import type { InstanceState } from '#contract/wire.ts'
import { serviceHealth, withNeeds } from '#run/apps/model.ts'
import { effectiveManifest } from '#run/manifest/effective.ts'
import { environmentRoutes } from '#run/routing/table.ts'
import type { MapApp } from './map.ts'

export type PastRows = {
  /** Environments of now that were there, each with the release that served then; none: nothing had been deployed. */
  releases: readonly { app: string; environment: string; number: number; manifest: Manifest; changing: boolean }[]
  /** Of services, made by then and not yet gone; with the newest event about each by then. */
  instances: readonly { id: string; app: string; environment: string; service: string; ordinal: number; machine: string; retired: boolean; newest: EventKind | null; because: string | null }[]
  /** Machines whose newest word by then was that they were lost. */
  lost: ReadonlySet<string>
  machines: readonly Machine[]
}

/** What an instance was, by the newest thing told of it. */
const states: Partial<Record<EventKind, InstanceState | 'gone'>> = {
  'instance.created': 'waiting', 'instance.started': 'starting', 'instance.ready': 'ready', 'instance.unhealthy': 'unhealthy', 'instance.exited': 'backoff', 'instance.restarting': 'starting', 'instance.held': 'held',
  'instance.ejected': 'ready', 'instance.readmitted': 'ready', 'instance.removed': 'draining', 'instance.stopped': 'gone', 'instance.vanished': 'gone',
}

export function pastApps({ releases, instances }: PastRows): MapApp[] {
  return releases.map(({ app, environment, number, manifest, changing }) => {
    const effective = effectiveManifest(manifest, environment)
    const routed = new Map(environmentRoutes({ app, environment, manifest: effective }, []).map(({ route }) => [route.service.split('/')[2], route.host]))
    const own = instances.filter((one) => one.app === app && one.environment === environment)
    const services = Object.entries(effective.services).map(([name, { protocol, needs }]) => {
      const there = own.filter((one) => one.service === name).flatMap((one) => {
        const state = one.newest === null ? 'waiting' : (states[one.newest] ?? 'waiting')
        return state === 'gone' ? [] : [{ id: one.id, name: `${name}.${one.ordinal}`, machine: one.machine, state, retired: one.retired, because: one.because ?? 'nothing is known of it', lastExit: null }]
      })
      const staying = there.filter((one) => !one.retired)
      const wanted = own.filter((one) => one.service === name && !one.retired).length
      const { health, because } = serviceHealth(wanted, staying, changing)
      const host = routed.get(name)
      return { name, health, because, protocol, wanted, ready: staying.filter((one) => one.state === 'ready').length, urls: host === undefined ? [] : [host], needs: Object.keys(needs), instances: there.map(({ id, name: instance, machine, state }) => ({ id, name: instance, machine, state })) }
    })
    return { name: app, environment, release: number, services: withNeeds(services) }
  })
}

/** As they were: what they are made of is taken from now, since they do not change it. */
export function pastMachines({ machines, lost, instances }: PastRows): Machine[] {
  return machines.map((machine): Machine => ({ ...machine, state: lost.has(machine.name) ? 'lost' : 'connected', instances: instances.filter((one) => one.machine === machine.name && !one.retired).length }))
}

export type Known = { /** The journal's first event. */ journalSince: Date | null; trafficSince: Date | null; destroyed: readonly { app: string; at: Date }[] }

/** What is not known of that moment. */
export function missingAt(at: Date, { journalSince, trafficSince, destroyed }: Known): string[] {
  const missing: string[] = []
  if (journalSince === null || at < journalSince) missing.push(`Nothing was recorded yet${journalSince === null ? '' : `: the journal begins at ${journalSince.toISOString()}`}.`)
  if (trafficSince === null || at < trafficSince) missing.push(`Rates, errors and latencies of that moment are not kept any more${trafficSince === null ? '' : `: they begin at ${trafficSince.toISOString()}`}.`)
  for (const { app } of destroyed) missing.push(`${app} was destroyed since; what it ran is not known.`)
  return missing
}
