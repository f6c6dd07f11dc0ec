import type { InstanceSpec, InstanceUp, ObservedInstance } from '#contract/wire.ts'

/** Of every service instance that shall run here, whether it is ready. While two of one name run side by side, one that is ready is enough. */
export function upsOf(specs: readonly Pick<InstanceSpec, 'id' | 'kind' | 'app' | 'environment' | 'service' | 'name'>[], observed: readonly Pick<ObservedInstance, 'id' | 'state'>[]): InstanceUp[] {
  const ready = new Set(observed.filter(({ state }) => state === 'ready').map(({ id }) => id))
  const ups = new Map<string, InstanceUp>()
  for (const { id, kind, app, environment, service, name } of specs) {
    if (kind !== 'service') continue
    const key = JSON.stringify([app, environment, service, name])
    ups.set(key, { app, environment, service, name, up: ready.has(id) || ups.get(key)?.up === true })
  }
  return [...ups.values()]
}
