/**
 * The port of everything that can check something. A kind looks once and says what it saw: it never retries, keeps nothing
 * between runs, reads no settings, and ends soon after its signal aborts. What is wrong with the target is an outcome;
 * only what is wrong with the check itself may throw, and counts as an error all the same.
 */
import type { AnyCheckConfig, CheckKind } from '#contract/check-kinds.ts'
import type { CheckMetric, CheckResult, CheckSpec, CheckStatus, Outcome, PluginRef } from '#contract/checks.ts'

/** What a run says; the runner measures the time unless the kind knows better. */
export type Said = { status: CheckStatus; message: string; metrics?: CheckMetric[]; durationMs?: number }

export type RunContext = {
  signal: AbortSignal
  now(): Date
  timeoutMs: number
  spec: CheckSpec
  tools: CheckTools
}

/** What a vantage point has; a kind whose tool is missing says so. */
export type CheckTools = {
  /** Lines of a log that hold the text, counted up to `limit`. */
  countLines?(query: { app: string; environment: string; service: string | null; text: string; level?: string | undefined; since: Date; limit: number }, signal: AbortSignal): Promise<number>
  /** Runs a plugin unprivileged, with limits. */
  runPlugin?(run: PluginRun, signal: AbortSignal): Promise<PluginEnd>
}

export type PluginRun = { /** an absolute path, or what was pushed */ plugin: string | PluginRef; args: string[]; memoryBytes: number; timeoutMs: number }
export type PluginEnd = { code: number | null; output: string; truncated: boolean }

export type RunCheck<Config = AnyCheckConfig> = (config: Config, context: RunContext) => Promise<Said>

export type CheckDriver = { kind: CheckKind; /** Loaded at its first run: an agent pays only for what it checks. */ load(): Promise<RunCheck<never>> }

export type CheckRunner = {
  /** From now on these and no others; what is unchanged keeps its time. */
  set(specs: readonly CheckSpec[]): void
  /** One run, now. Never rejects. */
  once(spec: CheckSpec): Promise<Outcome>
  /** How late runs began, in milliseconds, of the newest runs. */
  lateness(): number[]
  close(): Promise<void>
}

export type RunnerOptions = { vantage: string; tools: CheckTools; onResult(result: CheckResult): void; now?(): Date }
export type StartRunner = (options: RunnerOptions) => CheckRunner
