/** What is wrong now with a service or a machine, by what its watchers say. Pure. */
import { formatDuration, formatSize } from '#base/units.ts'
import { failingBecause, slowBecause } from './traffic-conditions.ts'
import { type Condition, type InstanceFacts, type MachineFacts, type ServiceFacts, isReady, machineTarget, serviceTarget } from './model.ts'

const flapsInTenMinutes = 5
/** One that fell again sooner has not stood up in between: that is a crash loop, which has a ladder of its own. */
const standsAfterMs = 10_000
/** After so long without a fault it has stopped flapping. */
const flapQuietMs = 3 * 60_000
const ejectionsInTenMinutes = 3
const lostAfterMs = 30_000
/** Fewer free bytes than both are too few. */
const diskFreeShare = 0.05
const diskFreeBytes = 2 * 1024 ** 3
/** However large the disk. */
const diskLeastBytes = 256 * 1024 ** 2

export function conditionsOf(services: readonly ServiceFacts[], machines: readonly MachineFacts[], now: Date): Condition[] {
  return [...services.flatMap((service) => ofService(service, now)), ...machines.flatMap((machine) => ofMachine(machine, now))]
}

function ofService(service: ServiceFacts, now: Date): Condition[] {
  if (service.wanted === 0) return []
  const target = serviceTarget(service.app, service.environment, service.service)
  const found: Condition[] = []
  const note = (kind: Condition['kind'], because: string, instances: readonly InstanceFacts[] = []) => found.push({ target, kind, because, instances: instances.map(({ id }) => id) })
  const ready = service.instances.filter(isReady)
  const coming = service.instances.filter((instance) => isComing(instance, service.startupMs, now))
  const sick = service.instances.filter((instance) => !ready.includes(instance) && !coming.includes(instance))
  const held = service.instances.filter((instance) => instance.state === 'held')

  if (ready.length === 0 && coming.length === 0) note('down', `no instance is ready: ${saidOf(sick)}`, sick)
  else if (ready.length < service.wanted && sick.length > 0) note('degraded', `${ready.length} of ${service.wanted} instances are ready: ${saidOf(sick)}`, sick)
  if (held.length > 0) note('crash-loop', `${saidOf(held)}`, held)
  const [failing, slow] = ready.length === 0 ? [null, null] : [failingBecause(service), slowBecause(service)]
  if (failing !== null) note('failing', failing)
  if (slow !== null) note('slow', slow)
  const [told] = service.told
  if (told !== undefined) note('alerting', `${told.title}: ${told.because}${service.told.length > 1 ? ` (and ${service.told.length - 1} more)` : ''}`)
  const last = service.faults.at(-1)
  const stands = ready.length === service.instances.length && ready.every((instance) => now.getTime() - (instance.startedAt ?? instance.createdAt).getTime() >= standsAfterMs)
  if (stands && last !== undefined && service.faults.length >= flapsInTenMinutes && now.getTime() - last.getTime() < flapQuietMs)
    note('flapping', `its instances ended by themselves ${service.faults.length} times in ten minutes, and were started again`)
  const outliers = service.instances.filter((instance) => (service.ejections[instance.name] ?? 0) >= ejectionsInTenMinutes)
  if (outliers.length > 0 && outliers.length < service.instances.length) note('outlier', `${outliers.map(({ name }) => name).join(' and ')} was taken out of rotation again and again, unlike the others`, outliers)
  return found
}

/** On its way to be ready: not yet taken up, or in the time that a start may take. */
function isComing({ state, startedAt, createdAt }: InstanceFacts, startupMs: number, now: Date): boolean {
  if (state === null || state === 'waiting') return now.getTime() - createdAt.getTime() < startupMs
  return state === 'starting' && now.getTime() - (startedAt ?? createdAt).getTime() < startupMs
}

function saidOf(instances: readonly InstanceFacts[]): string {
  const first = instances[0]
  if (first === undefined) return 'none has been placed'
  return `${first.name}: ${first.because}${instances.length > 1 ? ` (and ${instances.length - 1} more)` : ''}`
}

function ofMachine(machine: MachineFacts, now: Date): Condition[] {
  const target = machineTarget(machine.name)
  const found: Condition[] = []
  const silentMs = now.getTime() - machine.lastSeenAt.getTime()
  if (!machine.connected && machine.instances > 0 && silentMs > lostAfterMs)
    found.push({ target, kind: 'machine-lost', because: `its agent has not been heard of for ${formatDuration(silentMs)}`, instances: [] })
  const { disk } = machine
  if (disk !== null && (disk.freeBytes < diskLeastBytes || (disk.freeBytes < diskFreeBytes && disk.freeBytes / disk.totalBytes < diskFreeShare)))
    found.push({ target, kind: 'disk-filling', because: `${formatSize(disk.freeBytes)} of ${formatSize(disk.totalBytes)} are free`, instances: [] })
  return found
}
