/**
 * The port of everything that can run a task: plain processes, a container engine, a simulation.
 *
 * A driver never retries, reads no settings and knows no app. Tasks outlive the process that started them: a new
 * driver object over the same state finds them again with `list()`. One conformance suite (`test/conformance/task.ts`)
 * says what each member means.
 */
import type { ArtifactRef, CommandSpec, ExitStatus, LogEntry, VolumeMount } from '#contract/wire.ts'

export type TaskSpec = {
  /** `ins_….<attempt>`; starting the same id twice returns the task that runs. [a-z0-9_.-] */
  id: string
  /** Carried through `list()`: who this is. */
  labels: Record<string, string>
  artifact: ArtifactRef
  /** Unpacked slug on this machine (absolute, shared, read-only); null for images. */
  slugPath: string | null
  root: string
  command: CommandSpec
  env: Record<string, string>
  /** The port it should listen on, already in env.PORT; null if it listens on nothing. */
  port: number | null
  volumes: VolumeMount[]
  resources: { memoryBytes: number | null; cpu: number | null }
  stopSignal: string
}

export type TaskStatus = {
  id: string
  labels: Record<string, string>
  state: 'running' | 'exited'
  pid: number | null
  startedAt: string
  /** Where the proxy and the probes reach it: 127.0.0.1 and its port, or a container's address. */
  address: { host: string; port: number } | null
  exit: ExitStatus | null
}

export type TaskStats = {
  /** Seconds of CPU used since it started. */
  cpuSeconds: number
  memoryBytes: number
  memoryLimitBytes: number | null
  threads: number | null
  openFiles: number | null
}

/** `loopback`: for its own machine, or its own container, only. */
export type Listening = { port: number; loopback: boolean }

export type LogPage = {
  entries: LogEntry[]
  /** Opaque position after the last entry; pass it to go on. Survives a restart of the reader. */
  cursor: string
  /** Lines that were dropped before this page because the log outgrew its bound. */
  dropped: number
}

export type ExecSession = {
  /** Bytes from the process; stdout and stderr together. */
  onOutput(listener: (data: Buffer) => void): void
  /** Resolves when it has ended. */
  exited: Promise<{ code: number | null }>
  /** An empty buffer ends the input. */
  write(data: Buffer): void
  resize(cols: number, rows: number): void
  close(): void
}

/** A typed failure: `retryable` = the same call may succeed later. */
export class TaskError extends Error {
  override readonly name = 'TaskError'
  readonly operation: string
  readonly target: string
  readonly retryable: boolean
  constructor(operation: string, target: string, detail: string, options: { retryable: boolean; cause?: unknown }) {
    super(`cannot ${operation} ${target}: ${detail}`, options.cause === undefined ? undefined : { cause: options.cause })
    this.operation = operation
    this.target = target
    this.retryable = options.retryable
  }
}

export type TaskDriver = {
  readonly kind: string
  /** Two instances of a service may insist on the same port (each has its own address). */
  readonly ownAddresses: boolean
  /** What this machine cannot do for a task, each with its reason; empty when all limits are enforced. */
  limits(): Promise<string[]>
  /** Starts it and returns at once after the process exists. Idempotent by `id`. */
  start(task: TaskSpec, signal?: AbortSignal): Promise<TaskStatus>
  /** Signal, wait up to `graceMs`, then kill everything it started. Idempotent; resolves when nothing of it is left. */
  stop(id: string, options: { signal: string; graceMs: number }): Promise<ExitStatus | null>
  /** Every task this driver knows, also those started by an earlier process, also exited ones not yet removed. */
  list(): Promise<TaskStatus[]>
  /** Calls back soon after any task exits (milliseconds); a hint, `list()` is the truth. Returns an unsubscribe. */
  onExit(listener: (id: string) => void): () => void
  /** The next page of output after `cursor` (undefined = from the start); an empty page when there is nothing new. `maxBytes` 0: no entries; it says what the reader has. */
  logs(id: string, cursor: string | undefined, maxBytes: number): Promise<LogPage>
  /** Calls back soon after it wrote something, when it had written nothing for a while; a hint that may never come, `logs` is the truth. Returns an unsubscribe; one listener a task. */
  onOutput(id: string, listener: () => void): () => void
  /** Output before `cursor` is stored elsewhere and may be given back to the disk. */
  releaseLogs(id: string, cursor: string): Promise<void>
  exec(id: string, options: { argv: string[]; env: Record<string, string>; tty: { cols: number; rows: number } | null }): Promise<ExecSession>
  stats(id: string): Promise<TaskStats | null>
  /**
   * Whether it runs no code because somebody stopped it: SIGSTOP, or a pause of its engine. False when a debugger holds it,
   * when it has ended, and where nobody can tell.
   */
  frozen(id: string): Promise<boolean>
  /** What the machine can tell of who ended or removed it without us, as a clause; null where it keeps no account. */
  trace(id: string): Promise<string | null>
  /** The ports it listens on; empty when there are none, and where nobody can tell. */
  listening(id: string): Promise<Listening[]>
  /** This machine's address as a task with these labels sees it (without labels: as every task sees it), where edges of its app and environment can listen. Made if need be. */
  hostAddress(labels: Record<string, string>): Promise<string>
  /** Forgets an exited task and gives back its working files; never its volumes. Idempotent. */
  remove(id: string): Promise<void>
  close(): Promise<void>
}
