/**
 * What control, agent and proxy tell each other. Plain data, JSON on every wire, versioned by `generation`:
 * a receiver ignores what is older than what it has.
 *
 *   control → agent   DesiredState             (WebSocket /internal/agent)
 *   agent → control   Hello, Observed, Session (the same WebSocket); LogBatch, FactBatch, StatBatch, CheckBatch (HTTP POST, answered = stored)
 *   control → proxy   RouteTable               (WebSocket /internal/proxy)
 *   proxy → control   TrafficBatch, FactBatch  (HTTP POST)
 *   agent → proxy     EndpointUpdate, Drain    (Unix socket, one JSON object a line), and back: Drained
 */
import type { CheckSpec, Outcome } from './checks.ts'
import type { ServiceKey } from './names.ts'

export const wireVersion = 1

// ---------------------------------------------------------------- desired state: what an agent must run

export type HealthSpec =
  | { kind: 'http'; path: string; host?: string; intervalMs: number; timeoutMs: number; failures: number; startupMs: number }
  /** `http`: it speaks HTTP, so that its silence means something although its port accepts connections. */
  | { kind: 'tcp'; http: boolean; intervalMs: number; timeoutMs: number; failures: number; startupMs: number }
  | { kind: 'exec'; argv: string[]; intervalMs: number; timeoutMs: number; failures: number; startupMs: number }
  /** No probe: ready once the process has lived for `settleMs`. */
  | { kind: 'none'; settleMs: number; startupMs: number }

export const restartPolicies = ['permanent', 'transient', 'temporary'] as const
export type RestartPolicy = (typeof restartPolicies)[number]

export type RestartSpec = {
  /** permanent: always · transient: unless exit 0 · temporary: never */
  policy: RestartPolicy
  /** At most `intensity` restarts within `periodMs`, then the instance is held. */
  intensity: number
  periodMs: number
  backoffMinMs: number
  backoffMaxMs: number
}

export type ArtifactRef =
  /** A slug: a gzipped tar named by its SHA-256 in hex, fetched from control at /internal/artifacts/<digest>. */
  | { kind: 'slug'; digest: string; sizeBytes: number }
  /** An image of the container engine, by name or id. */
  | { kind: 'image'; image: string }

/** An instance's command: a shell line of the app's own (run by /bin/sh -c inside the instance), or an argument array. */
export type CommandSpec = { kind: 'shell'; line: string } | { kind: 'argv'; argv: string[] } | { kind: 'image-default' }

export const instanceKinds = ['service', 'release', 'run'] as const
export type InstanceKind = (typeof instanceKinds)[number]

export type VolumeMount = { name: string; /** on the machine, absolute */ hostPath: string; /** in the instance, absolute */ target: string }

export type InstanceSpec = {
  /** Unique for all time: `ins_…`. One instance keeps its id over restarts by its agent. */
  id: string
  /** Rises when the same instance is asked to start afresh (`nightshift restart`). */
  generation: number
  kind: InstanceKind
  app: string
  environment: string
  service: string
  /** `web.1` */
  name: string
  release: number
  artifact: ArtifactRef
  command: CommandSpec
  /** Folder inside the artifact that is the working directory, `.` for its root. */
  root: string
  /** All variables but PORT, which the agent adds. Secrets included: keep 0600, log never. */
  env: Record<string, string>
  /** `auto`: the agent picks one and sets PORT · a number: the service insists on it · null: it listens on nothing. */
  port: number | 'auto' | null
  volumes: VolumeMount[]
  resources: { memoryBytes: number | null; cpu: number | null }
  health: HealthSpec
  /** Read its own metrics there; null port: its own. Control of before does not say. */
  metrics?: { path: string; port: number | null; everyMs: number } | null
  stop: { signal: string; graceMs: number; drainMs: number }
  restart: RestartSpec
  /** Services of the same environment that must have a ready instance before this one starts. */
  needs: ServiceKey[]
}

export type DesiredState = { generation: number; instances: InstanceSpec[] }

// ---------------------------------------------------------------- observed state: what an agent sees

/**
 * waiting → starting → ready ⇄ unhealthy → draining → stopping → gone; exited (it ended and will not be started again),
 * held (crash loop, tried again at `retryAt`). `backoff` = crashed, next start at `retryAt`.
 */
export const instanceStates = ['waiting', 'starting', 'ready', 'unhealthy', 'backoff', 'held', 'draining', 'stopping', 'exited'] as const
export type InstanceState = (typeof instanceStates)[number]

export type ExitStatus = { code: number | null; signal: string | null; oom: boolean; at: string }

export type ObservedInstance = {
  id: string
  generation: number
  state: InstanceState
  /** Why it is in this state, in plain words. */
  because: string
  /** Starts of the current generation, from 1. */
  attempt: number
  /** Restarts after a crash or hang, over the instance's life. */
  restarts: number
  pid: number | null
  address: { host: string; port: number } | null
  startedAt: string | null
  readyAt: string | null
  retryAt: string | null
  lastExit: ExitStatus | null
}

export type MachineFacts = {
  machine: string
  driver: string
  /** The address under which an instance reaches this machine's edge listeners: 127.0.0.1, or the container bridge. */
  edgeHost: string
  /** Two instances on this machine may insist on the same port. */
  ownAddresses: boolean
  version: string
  os: string
  cpus: number
  memoryBytes: number
  /** What the machine cannot do, each with its reason (`no cgroups: memory limits are not enforced`). */
  limits: string[]
  /** Where instances of this machine send telemetry (OTLP/HTTP), beside `edgeHost`. An agent of before does not say. */
  telemetryPort?: number | null
}

export type AgentToControl =
  | { t: 'hello'; wireVersion: number; facts: MachineFacts; desiredGeneration: number }
  | { t: 'observed'; at: string; desiredGeneration: number; instances: ObservedInstance[] }
  | { t: 'check.tested'; test: string; outcome: Outcome }
  /** What time is it there? `asked` comes back as it was. Control of before does not answer. */
  | { t: 'clock'; asked: number }
  | { t: 'session.opened'; session: string }
  | { t: 'session.output'; session: string; /** base64 */ data: string }
  | { t: 'session.closed'; session: string; exitCode: number | null; error?: string }

export type ControlToAgent =
  | { t: 'desired'; state: DesiredState }
  /** All that the machine is to check; what is not listed ends. */
  | { t: 'checks'; checks: CheckSpec[] }
  /** One run now, answered with `check.tested`. */
  | { t: 'check.test'; test: string; spec: CheckSpec }
  /** A terminal in a running instance (`instance`), or a one-off in a fresh one (`spec`). */
  | {
      t: 'session.open'
      session: string
      instance?: string
      spec?: InstanceSpec
      argv: string[]
      tty: { cols: number; rows: number } | null
    }
  /** The answer to `clock`: milliseconds since 1970 by control's clock. */
  | { t: 'clock'; asked: number; atMs: number }
  /** The disk fills up: remove what can be had again. */
  | { t: 'prune' }
  | { t: 'session.input'; session: string; /** base64; empty = end of input */ data: string }
  | { t: 'session.resize'; session: string; cols: number; rows: number }
  | { t: 'session.close'; session: string }

// ---------------------------------------------------------------- shipped streams (HTTP POST; an answer of 2xx means stored)

export const logStreams = ['stdout', 'stderr', 'build', 'release', 'run', 'access', 'system'] as const
export type LogStream = (typeof logStreams)[number]

export type LogEntry = { /** ISO time */ at: string; stream: LogStream; text: string }

/**
 * Lines of one source in order. `from`..`to` count the source's lines since its beginning (`to - from === entries.length`),
 * so that they mean the same however the lines are paged; control stores a line once, however often it is sent, and
 * counts a jump of `from` as dropped lines. `instance` is the name, `web.1`.
 */
export type LogBatch = {
  source: string
  app: string
  environment: string
  service: string
  instance: string
  release: number | null
  machine: string
  from: number
  to: number
  /** Lines lost before this batch because the source outgrew its bound. */
  dropped: number
  entries: LogEntry[]
}

/** A past-tense fact for the journal (`instance.exited`); `id` makes it stored once. */
export type Fact = {
  id: string
  at: string
  kind: string
  app: string | null
  environment: string | null
  service: string | null
  instance: string | null
  release: number | null
  data: Record<string, unknown>
}
/** `sentAt`: the sender's clock when it sent this, so that times of a clock that goes wrong can be set right. A sender of before does not say. */
export type FactBatch = { machine: string; sentAt?: string; facts: Fact[] }

export type InstanceStat = { instance: string; app: string; environment: string; service: string; name: string; cpu: number; memoryBytes: number; memoryLimitBytes: number | null; threads: number | null; openFiles: number | null }
/** Of an instance that is meant to run: whether it is in rotation. */
export type InstanceUp = { app: string; environment: string; service: string; name: string; up: boolean }
/** `disk`: of the file system that holds the agent's home folder. An agent of before does not say what stands after it. */
export type StatBatch = {
  machine: string
  at: string
  instances: InstanceStat[]
  disk?: DiskUse | null
  system?: MachineStat | null
  ups?: InstanceUp[]
  /** By how much the machine's clock is ahead of control's; negative: behind. */
  clockOffsetMs?: number | null
}
/** Counters since the machine started, gauges of now. */
export type MachineStat = {
  cpuSeconds: { user: number; system: number; iowait: number; steal: number; idle: number }
  load: { one: number; five: number; fifteen: number } | null
  memory: { totalBytes: number; availableBytes: number; swapUsedBytes: number }
  openFiles: number | null
  inodes: { free: number; total: number } | null
  disks: { device: string; readBytes: number; writtenBytes: number; busySeconds: number }[]
  networks: { device: string; receivedBytes: number; sentBytes: number; errors: number }[]
  temperatures: { zone: string; celsius: number }[]
}
export type DiskUse = { freeBytes: number; totalBytes: number }

/** Upper bounds of the latency buckets, in milliseconds; the last bucket is open. */
export const latencyBucketsMs = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 30000] as const

export type TrafficCount = {
  /** `route:<id>` or `edge:<id>` */
  key: string
  app: string
  environment: string
  /** The service that answers. */
  service: string
  /** The caller of an edge; null for the ingress. */
  from: string | null
  requests: number
  /** Counts of answers by class; `aborted` = the client left, `failed` = we had to answer for the service (502, 503, 504). */
  status: { '1xx': number; '2xx': number; '3xx': number; '4xx': number; '5xx': number; aborted: number; failed: number }
  /** One count per bucket of `latencyBucketsMs`, plus the open one. */
  latency: number[]
  /** Of these requests, those answered with a kept copy in place of the app; each is in its class of `status` too. A proxy of before does not say. */
  stale?: number
  bytesIn: number
  bytesOut: number
  /** Connections, for TCP edges and upgrades. */
  connections: number
  /** Of these requests, what each release was asked; those that reached no instance are in none. */
  releases: ReleaseCount[]
}
/** One request at the ingress or an edge, as the proxy saw it. Ids are lower-case hex, 32 and 16 digits. */
export type ProxySpan = {
  traceId: string
  spanId: string
  /** The caller's span; null where the trace begins here. */
  parentId: string | null
  /** Wall clock of its beginning. */
  atMs: number
  durationMs: number
  firstByteMs: number
  app: string
  environment: string
  service: string
  /** The caller of an edge; null for the ingress. */
  from: string | null
  route: string
  instance: string | null
  release: number | null
  method: string
  host: string
  path: string
  status: number
  outcome: 'answered' | 'stale' | 'aborted' | 'failed'
  error: string | null
  retries: number
  parkedMs: number
  protocol: string
  /** Why it was kept. */
  because: 'error' | 'slow' | 'sampled'
}
/** `dropped`: spans that found no room since the batch before. */
export type SpanBatch = { machine: string; dropped: number; spans: ProxySpan[] }

/** `errors`: 5xx of the app, and what we had to answer for it, with a kept copy or without. `latency` as above. */
export type ReleaseCount = {
  release: number
  requests: number
  errors: number
  latency: number[]
  /** Of these, what was asked of instances that had been ready for less than two seconds; none: nothing, or a proxy of before. */
  warming?: { requests: number; errors: number }
}
/** `young`: of environments whose newest release has just been asked for the first time, sent at once since it is judged by them. `sentAt`: as in a `FactBatch`. */
export type TrafficBatch = { machine: string; id: string; from: string; to: string; sentAt?: string; young?: true; counts: TrafficCount[] }

// ---------------------------------------------------------------- route table: what a proxy serves

export type RouteTable = {
  generation: number
  services: Record<ServiceKey, ServiceTarget>
  routes: Route[]
  edges: Edge[]
  certificates: Certificate[]
}

export type ServiceTarget = {
  app: string
  environment: string
  service: string
  protocol: 'http' | 'tcp'
  /** Instances in rotation when their agent says ready. A known id that is not listed gets no new requests. */
  instances: string[]
  /** False: nothing is meant to run (scaled to zero, stopped), so do not wait for an instance. */
  expected: boolean
  /** How long a request may take until its response begins; null: the proxy's own bound. */
  timeoutMs: number | null
  /** Keep copies of answers at the ingress, and for how long after it went stale one may stand in for the app; null: keep none. */
  staleIfErrorMs: number | null
  /** Shares of requests by release while two serve side by side; null: whichever instance is least busy. */
  split: TrafficSplit | null
}

/** `percent` of new callers go to `release`, the others to any other; a caller stays where it was put when `sticky` says how to know it. */
export type TrafficSplit = { release: number; percent: number; sticky: { by: 'cookie' } | { by: 'header'; name: string } | null }

export type Route = {
  id: string
  /** Exact host, or `*.example.com`. The longest path prefix of the best host wins. */
  host: string
  path: string
  service: ServiceKey
  /** Answer plain HTTP with a redirect to https. */
  httpsOnly: boolean
}

export type Edge = {
  id: string
  app: string
  environment: string
  /** The service that calls, and the name it knows the other by. */
  from: string
  to: ServiceKey
  protocol: 'http' | 'tcp'
  /** Addresses to listen on, e.g. 127.0.0.1 and the container bridge. */
  listen: { host: string; port: number }[]
}

export type Certificate = { hosts: string[]; certPem: string; keyPem: string }

export type ProxyToControl = { t: 'hello'; wireVersion: number; machine: string; generation: number; httpPort: number; httpsPort: number | null }
export type ControlToProxy = { t: 'routes'; table: RouteTable }

// ---------------------------------------------------------------- agent ⇄ proxy, Unix socket, one JSON object a line

export type EndpointState = 'ready' | 'unready' | 'draining'
/** `name`: what people call it, `web.1`; for facts only. */
export type Endpoint = { instance: string; name?: string; service: ServiceKey; release: number; host: string; port: number; state: EndpointState }

export type AgentToProxy =
  /** All endpoints of this machine: what is not listed is gone. Sent on connect. */
  | { t: 'endpoints'; endpoints: Endpoint[] }
  | { t: 'endpoint'; endpoint: Endpoint }
  | { t: 'gone'; instance: string }
  /** Send no new request there; answer `drained` when the last one in flight has ended. */
  | { t: 'drain'; instance: string }

export type ProxyToAgent =
  | { t: 'drained'; instance: string }
  /** The proxy saw the instance refuse, reset or close early: a hint to probe it now. */
  | { t: 'suspect'; instance: string; because: string }
