/** Facts for tests of the heal floor: everything well, until a test says otherwise. */
import type { Change } from '#heal/causes/model.ts'
import type { HealFacts, RemediationRow } from '#heal/remediations/model.ts'
import { type InstanceFacts, type MachineFacts, type ServiceFacts, type Signal, type Target, serviceTarget } from '#heal/signals/model.ts'

export const now = new Date('2026-05-01T03:00:00Z')
export const ago = (seconds: number): Date => new Date(now.getTime() - seconds * 1000)

export function instance(name: string, extra: Partial<InstanceFacts> = {}): InstanceFacts {
  return { id: `ins_${name}`, name, machine: 'm1', state: 'ready', because: 'its health check succeeds', startedAt: ago(3600), createdAt: ago(3600), outOfMemory: false, finished: false, ...extra }
}

export const dead = (name: string, extra: Partial<InstanceFacts> = {}): InstanceFacts => instance(name, { state: 'backoff', because: 'it exited with code 1', ...extra })

export function service(name: string, extra: Partial<ServiceFacts> = {}): ServiceFacts {
  return { app: 'shop', environment: 'production', service: name, wanted: 1, needs: [], ownsVolume: false, startupMs: 60_000, instances: [instance(`${name}.1`)], requests: 0, errors: 0, latency: [], recent: { requests: 0, errors: 0, latency: [] }, usual: null, told: [], faults: [], ejections: {}, rollingOut: false, ...extra }
}

export function machine(name: string, extra: Partial<MachineFacts> = {}): MachineFacts {
  return { name, connected: true, lastSeenAt: ago(1), instances: 4, disk: { freeBytes: 50e9, totalBytes: 100e9 }, ...extra }
}

export const web: Target = serviceTarget('shop', 'production', 'web')

export function signal(kind: Signal['kind'], extra: Partial<Signal> = {}): Signal {
  return { target: web, kind, because: 'no instance is ready: web.1: it exited with code 1', instances: ['ins_web.1'], since: ago(120), goneAt: null, ...extra }
}

export function change(extra: Partial<Change> = {}): Change {
  return { event: 7, at: ago(300), kind: 'release.activated', app: 'shop', environment: 'production', service: null, summary: 'v2 came (set config COLOUR, by rosa)', by: 'rosa', undo: { do: 'roll-back', release: 2, to: 1 }, ...extra }
}

export function remediation(extra: Partial<RemediationRow> = {}): RemediationRow {
  return {
    id: 'rem_1', rule: 'not-ready', target: 'shop/production/web', app: 'shop', environment: 'production', service: 'web', machine: null,
    signal: { kind: 'down', because: 'no instance is ready', since: ago(120).toISOString() }, cause: { kind: 'unknown', because: 'nothing changed', of: null, event: null, release: null },
    state: 'waiting', because: 'it was noticed', tries: [], next: null, approved_by: null, opened_at: ago(100), ended_at: null, ...extra,
  }
}

export function tried(rung: RemediationRow['tries'][number]['rung'], secondsAgo: number, extra: Partial<RemediationRow['tries'][number]> = {}): RemediationRow['tries'][number] {
  return { rung, did: `${rung} of shop/web.1`, at: ago(secondsAgo).toISOString(), by: 'healing', outcome: 'verifying', verdict: null, verifyBy: ago(secondsAgo - 120).toISOString(), endedAt: null, ...extra }
}

export function facts(extra: Partial<HealFacts> = {}): HealFacts {
  return { signals: [], services: [service('web')], machines: [machine('m1')], changes: [], remediations: [], alerts: [], modes: {}, tunings: {}, pauses: [], stopped: null, now, ...extra }
}
