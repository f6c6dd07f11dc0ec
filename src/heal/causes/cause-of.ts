/**
 * Why a service is sick: what it needs, its machine, the newest change, its memory, or nobody knows. Pure.
 *
 * In this order, because each explains the next: behind a dead need everything fails; on a full disk everything ends; a change that came
 * just before is the first suspect also of what looks like a lack of memory.
 */
import type { Cause, SignalKind } from '#contract/healing.ts'
import { formatDuration } from '#base/units.ts'
import { noticed } from '#heal/signals/hold.ts'
import { type MachineFacts, type ServiceFacts, type Signal, machineTarget, serviceTarget, targetKey } from '#heal/signals/model.ts'
import type { Change } from './model.ts'

/** A change that lies back longer is no suspect. */
export const suspectMs = 30 * 60_000

export type World = { signals: readonly Signal[]; services: readonly ServiceFacts[]; machines: readonly MachineFacts[]; /** Newest first. */ changes: readonly Change[]; now: Date }

const because = (kind: Cause['kind'], text: string, rest: Partial<Cause> = {}): Cause => ({ kind, because: text, of: null, event: null, release: null, ...rest })

export function causeOf(signal: Signal, world: World): Cause {
  if (signal.target.app === null) return because('unknown', 'the machine itself')
  const service = world.services.find((one) => targetKey(serviceTarget(one.app, one.environment, one.service)) === targetKey(signal.target))
  if (service === undefined) return because('unknown', 'it is not known what runs there')
  return dependencyCause(service, signal.kind, world) ?? machineCause(service, signal, world) ?? changeCause(signal, world) ?? memoryCause(service) ?? because('unknown', 'nothing changed before it, and all that it needs is well')
}

/** The sick service farthest along the needs: it explains all before it. */
function dependencyCause(service: ServiceFacts, kind: SignalKind, world: World): Cause | null {
  const root = sickNeed(service, kind, world, new Set([service.service]))
  if (root === null) return null
  const key = targetKey(serviceTarget(root.need.app, root.need.environment, root.need.service))
  return because('dependency', `${root.need.service}, which it needs, ${root.because}`, { of: key })
}

function sickNeed(service: ServiceFacts, kind: SignalKind, world: World, seen: Set<string>): { need: ServiceFacts; because: string } | null {
  for (const name of service.needs) {
    if (seen.has(name)) continue
    seen.add(name)
    const need = world.services.find((one) => one.app === service.app && one.environment === service.environment && one.service === name)
    if (need === undefined || need.wanted === 0) continue // scaled to zero: somebody changed that
    const deeper = sickNeed(need, kind, world, seen)
    if (deeper !== null) return deeper
    const [worst] = noticed(world.signals, targetKey(serviceTarget(need.app, need.environment, need.service)), world.now)
    if (worst !== undefined && explains(worst.kind, kind)) return { need, because: `is sick: ${worst.because}` }
    if (!need.instances.some((instance) => instance.state === 'ready')) return { need, because: 'has no instance that is ready' }
  }
  return null
}

/** Whether what is sick of a need makes its caller sick: what lacks an instance still answers, and what is slow ends nobody. */
function explains(need: SignalKind, caller: SignalKind): boolean {
  if (need === 'degraded' || need === 'outlier' || need === 'alerting') return false
  return need !== 'slow' || caller === 'slow' || caller === 'failing' || caller === 'alerting'
}

function machineCause(service: ServiceFacts, signal: Signal, { signals, now }: World): Cause | null {
  const hosts = new Set(service.instances.filter(({ id }) => signal.instances.length === 0 || signal.instances.includes(id)).map(({ machine }) => machine))
  for (const host of hosts) {
    const [sick] = noticed(signals, targetKey(machineTarget(host)), now)
    if (sick !== undefined) return because('machine', `the machine ${host} is sick: ${sick.because}`, { of: targetKey(sick.target) })
  }
  return null
}

/** What was changed in its environment last before it began, if that can be undone. */
function changeCause(signal: Signal, { changes }: World): Cause | null {
  const { app, environment } = signal.target
  const suspect = changes.find((change) => change.app === app && change.environment === environment && change.at <= signal.since && signal.since.getTime() - change.at.getTime() <= suspectMs)
  if (suspect === undefined || suspect.undo === null) return null
  const ago = formatDuration(Math.max(1000, signal.since.getTime() - suspect.at.getTime()))
  return because('change', `${suspect.summary}, ${ago} before`, { event: suspect.event, release: suspect.undo.do === 'roll-back' ? suspect.undo.release : null })
}

function memoryCause(service: ServiceFacts): Cause | null {
  const fat = service.instances.find((instance) => instance.outOfMemory && instance.state !== 'ready')
  return fat === undefined ? null : because('memory', `${fat.name} uses more memory than it may`)
}
