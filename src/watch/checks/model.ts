import type { AnyCheckConfig, CheckKind } from '#contract/check-kinds.ts'
import type { CheckMetric, CheckState, CheckStatus } from '#contract/checks.ts'
import type { ControlToAgent } from '#contract/wire.ts'

export type CheckRowIn = {
  id: string
  name: string
  kind: CheckKind
  /** Without secret fields. */
  config: AnyCheckConfig
  secrets: Buffer | null
  every_ms: number
  timeout_ms: number
  retries: number
  vantages: string[]
  quorum: number | null
  criteria: string[]
  severity: 'critical' | 'warning'
  app: string | null
  environment: string | null
  service: string | null
  needs: string[]
  declared: boolean
  confined: boolean
  paused_by: string | null
  token: string | null
  slug: string | null
  created_at: Date
}

/** The last word of one vantage point. */
export type Seen = {
  status: CheckStatus
  message: string
  /** ms since 1970: when the run began; and the first of the failed runs in a row. */
  at: number
  failingSince: number | null
  failures: number
  durationMs: number
  metrics: CheckMetric[]
  /** A heartbeat whose job has begun and not ended: since when, and the `rid` of each. */
  started?: Record<string, number>
}
export type SeenBy = Record<string, Seen>

export type StateRow = { check: string; state: CheckState; because: string; since: Date; alerted: 'critical' | 'warning' | null; seen: SeenBy }

export type WindowRow = { id: string; title: string; checks: string[]; apps: string[]; starts_at: Date; ends_at: Date; repeat: 'once' | 'daily' | 'weekly'; timezone: string; by_name: string }

export type PluginRow = { name: string; digest: string; signature: string; added_by: string; added_at: Date; bytes: number; used_by: number }

/** The vantage point of what is told to us rather than looked at. */
export const pushVantage = 'push'
/** The vantage point from outside. */
export const controlVantage = 'control'

/** How agents are reached. */
export type Machines = { names(): string[]; /** Another after each connection. */ connection(machine: string): object | undefined; proxies(): { machine: string; httpPort: number; httpsPort: number | null }[]; send(machine: string, message: ControlToAgent): boolean }

export const secretsPlace = (id: string) => `check/${id}`
