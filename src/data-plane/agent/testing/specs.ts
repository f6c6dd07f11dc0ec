import type { HealthSpec, InstanceSpec, RestartSpec } from '#contract/wire.ts'
import type { TaskStatus } from '#drivers/task/port.ts'
import { identityOf, labelsOf, type TaskView } from '../identity.ts'

export const noHealth: HealthSpec = { kind: 'none', settleMs: 0, startupMs: 5_000 }
export const quickRestart: RestartSpec = { policy: 'permanent', intensity: 5, periodMs: 10_000, backoffMinMs: 50, backoffMaxMs: 1_000 }

/** An instance `shop/<service>.1` that just runs, unless told otherwise. */
export function instanceSpec(id: string, more: Partial<InstanceSpec> = {}): InstanceSpec {
  return {
    id,
    generation: 1,
    kind: 'service',
    app: 'shop',
    environment: 'production',
    service: 'web',
    name: `${more.service ?? 'web'}.1`,
    release: 1,
    artifact: { kind: 'image', image: 'none' },
    command: { kind: 'argv', argv: ['/bin/sleep', '1000'] },
    root: '.',
    env: {},
    port: null,
    volumes: [],
    resources: { memoryBytes: null, cpu: null },
    health: noHealth,
    stop: { signal: 'SIGTERM', graceMs: 2_000, drainMs: 500 },
    restart: quickRestart,
    needs: [],
    ...more,
  }
}

/** A task of that spec, as a driver would list it. */
export function taskView(spec: InstanceSpec, attempt: number, more: Partial<TaskStatus> = {}): TaskView {
  const who = identityOf(spec, attempt, typeof spec.port === 'number' ? spec.port : null)
  const address = who.port === null ? null : { host: '127.0.0.1', port: who.port }
  return { who, status: { id: who.task, labels: labelsOf(who), state: 'running', pid: 1, startedAt: new Date(0).toISOString(), address, exit: null, ...more } }
}
