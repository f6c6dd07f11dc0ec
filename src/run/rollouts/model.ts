/** Facts that the rollout plan decides from; plain data, read by read-facts.ts. */
import type { Rollout } from '#contract/model.ts'
import type { InstanceState } from '#contract/wire.ts'

export type RolloutState = Rollout['state']

/** pending → releasing → starting → finished; any of them → failed | cancelled. Ends never change. */
export const rolloutTransitions: Record<RolloutState, readonly RolloutState[]> = {
  pending: ['releasing', 'starting', 'failed', 'cancelled'],
  releasing: ['starting', 'failed', 'cancelled'],
  starting: ['finished', 'failed', 'cancelled'],
  finished: [],
  failed: [],
  cancelled: [],
}

/** A rollout as stored. */
export type RolloutRow = {
  id: string
  app: string
  environment: string
  release: number
  from_release: number | null
  state: RolloutState
  because: string
  steps: { name: string; at: string; detail: string }[]
  started_at: Date
  finished_at: Date | null
}

export type ServiceWish = {
  name: string
  /** Instances wanted, operator's setting over the manifest's. */
  count: number
  needs: string[]
  /** Two generations must not run side by side: it owns a volume, or insists on a port that others on the machine share. */
  exclusive: boolean
  startupMs: number
}

/** rolling: one after the other · blue-green: all beside the old ones, then at once · canary: so too, after shares of the callers, each watched for a while */
export type Strategy = { kind: 'rolling' } | { kind: 'blue-green' } | { kind: 'canary'; percents: readonly number[]; holdMs: number }

export type ReleaseFacts = { number: number; services: ServiceWish[]; releaseCommand: boolean; missingSecrets: string[]; strategy: Strategy }

export type InstanceFacts = {
  id: string
  kind: 'service' | 'release'
  service: string
  ordinal: number
  release: number
  wanted: 'run' | 'retire'
  /** Why it is to be started again; null: it is not. */
  restartBecause: string | null
  /** The agent's word about the current generation; null until it has one. */
  state: InstanceState | null
  because: string
  /** Its machine has taken it up and begun. */
  hasStarted: boolean
  restarts: number
  exitCode: number | null
  createdAt: Date
}

export type EnvironmentFacts = {
  app: string
  environment: string
  stopped: boolean
  active: ReleaseFacts | null
  /** `noted`: steps that were reached. `share`: of a canary, what new callers get now. */
  rollout: { id: string; state: RolloutState; startedAt: Date; target: ReleaseFacts; noted: readonly string[]; share: { percent: number; since: Date } | null } | null
  instances: InstanceFacts[]
}

export type Action =
  | { do: 'create'; kind: 'service' | 'release'; service: string; ordinal: number; release: number; because: string }
  | { do: 'retire'; instance: string; because: string }
  | { do: 'restart'; instance: string; because: string }
  | { do: 'note'; step: string; because: string }
  | { do: 'advance'; to: RolloutState; step: string; because: string }

export type Plan = { actions: Action[]; waiting: string[] }
