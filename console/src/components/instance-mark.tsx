import type { Instance } from '#contract/model.ts'
import { HealthMark, type Health } from './health.tsx'

/** An instance's state drawn like a service's health, so that there is one language of marks. */
export const instanceHealth: Record<Instance['state'], Health> = {
  waiting: 'empty',
  starting: 'working',
  ready: 'healthy',
  unhealthy: 'degraded',
  backoff: 'down',
  held: 'down',
  draining: 'stopped',
  stopping: 'stopped',
  exited: 'stopped',
}

export const instanceWords: Record<Instance['state'], string> = {
  waiting: 'waiting',
  starting: 'starting',
  ready: 'ready',
  unhealthy: 'unhealthy',
  backoff: 'crashed, starts again soon',
  held: 'held: crash loop',
  draining: 'draining',
  stopping: 'stopping',
  exited: 'exited',
}

export function InstanceMark({ state, size = 14 }: { state: Instance['state']; size?: number }) {
  return <HealthMark health={instanceHealth[state]} size={size} />
}
