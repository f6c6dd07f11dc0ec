/** What is noticed: conditions that hold now, and signals, which are conditions that have held for long enough. */
import type { SignalKind } from '#contract/healing.ts'
import type { InstanceState } from '#contract/wire.ts'

/** A service of an environment, a machine, or all of them together. */
export type Target =
  | { app: string; environment: string; service: string; machine: null }
  | { app: null; environment: null; service: null; machine: string }
  | { app: null; environment: null; service: null; machine: null }

export const fleetTarget: Target = { app: null, environment: null, service: null, machine: null }
export const serviceTarget = (app: string, environment: string, service: string): Target => ({ app, environment, service, machine: null })
export const machineTarget = (machine: string): Target => ({ app: null, environment: null, service: null, machine })

/** `shop/production/web`, `machine:m1`, or `fleet`. */
export function targetKey(target: Target): string {
  if (target.machine !== null) return `machine:${target.machine}`
  return target.app === null ? 'fleet' : `${target.app}/${target.environment}/${target.service}`
}

/** Of a key that `targetKey` made. */
export function targetOf(key: string): Target {
  if (key === 'fleet') return fleetTarget
  if (key.startsWith('machine:')) return machineTarget(key.slice('machine:'.length))
  const [app = '', environment = '', service = ''] = key.split('/')
  return serviceTarget(app, environment, service)
}

/** As people say it: `shop/web`, `shop/staging/web`, `the machine m1`. */
export function targetName(target: Target): string {
  if (target.machine !== null) return `the machine ${target.machine}`
  if (target.app === null) return 'the fleet'
  return target.environment === 'production' ? `${target.app}/${target.service}` : `${target.app}/${target.environment}/${target.service}`
}

export type InstanceFacts = {
  id: string
  name: string
  machine: string
  state: InstanceState | null
  because: string
  /** Of the present run; null before its first. */
  startedAt: Date | null
  createdAt: Date
  /** Its last run ended because it used more memory than it may. */
  outOfMemory: boolean
  /** Its last run ended well, and it is not meant to run again. */
  finished: boolean
}

export type CountFacts = { requests: number; errors: number; latency: readonly number[] }

export type ServiceFacts = {
  app: string
  environment: string
  service: string
  /** 0 when it is scaled to zero or the app is stopped. */
  wanted: number
  needs: readonly string[]
  /** Its data lies on a machine: it stays there. */
  ownsVolume: boolean
  /** The start of an instance may take so long. */
  startupMs: number
  /** Those that are meant to run. */
  instances: readonly InstanceFacts[]
  /** What callers asked in the last minute, from outside and from other services, and what of it failed. */
  requests: number
  errors: number
  /** Of the last minute, by `latencyBucketsMs`. */
  latency: readonly number[]
  /** So of the last ten minutes, and of the hour before those; null: not looked at, since nothing is conspicuous. */
  recent: CountFacts
  usual: CountFacts | null
  /** Open alerts of checks and rules about it. */
  told: readonly { title: string; because: string }[]
  /** When an instance of the release that serves, which had stood, ended or hung by a fault of its own, in the last ten minutes, oldest first. */
  faults: readonly Date[]
  /** How often the proxy took each instance out of rotation in the last ten minutes, by name. */
  ejections: Readonly<Record<string, number>>
  rollingOut: boolean
}

export const isReady = (instance: InstanceFacts): boolean => instance.state === 'ready' || instance.finished

/** `disk`: of the file system that holds the home folder; null when its agent does not say. */
export type MachineFacts = { name: string; connected: boolean; lastSeenAt: Date; instances: number; disk: { freeBytes: number; totalBytes: number } | null }

export type Condition = { target: Target; kind: SignalKind; because: string; /** Ids of the instances that are sick; none: all, or none in particular. */ instances: readonly string[] }

/** A condition as kept: since when it holds, and since when it does not any more. */
export type Signal = Condition & { since: Date; goneAt: Date | null }
