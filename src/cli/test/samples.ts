/** Contract-shaped answers for tests; each takes what a test wants otherwise. */
import type { AppDetail, AppSummary, Build, Instance, JournalEvent, LogLine, Release, ServiceSummary } from '#contract/model.ts'

export const ago = (ms: number): string => new Date(Date.now() - ms).toISOString()
const minute = 60_000

export function anInstance(over: Partial<Instance> = {}): Instance {
  return {
    id: 'ins_1', name: 'web.1', kind: 'service', service: 'web', release: 12, machine: 'node-1', state: 'ready', because: 'answers on /up', restarts: 0, pid: 4711,
    address: '127.0.0.1:41001', startedAt: ago(3 * minute), readyAt: ago(3 * minute), retryAt: null, lastExit: null, cpu: 0.25, memoryBytes: 64 * 1024 ** 2, memoryLimitBytes: 256 * 1024 ** 2, ...over,
  }
}

export function aService(over: Partial<ServiceSummary> = {}): ServiceSummary {
  return { name: 'web', health: 'healthy', protocol: 'http', wanted: 1, ready: 1, manifestScale: 1, urls: ['http://shop.localhost:8080'], needs: ['api'], volumes: [], command: 'node server.js', because: 'all ready', instances: [anInstance()], ...over }
}

export function aSummary(over: Partial<AppSummary> = {}): AppSummary {
  return {
    name: 'shop', environment: 'production', health: 'healthy', because: 'all instances ready', release: 12, url: 'http://shop.localhost:8080', createdAt: ago(60 * minute), deployedAt: ago(5 * minute),
    services: [{ name: 'web', health: 'healthy', wanted: 1, ready: 1 }], requestRate: 2.5, errorShare: 0, ...over,
  }
}

export function anApp(over: Partial<AppDetail> = {}): AppDetail {
  return { ...aSummary(), environments: ['production'], services: [aService()], rollout: null, settings: { stopped: false, allowForcePush: false, deployBranch: 'main', tags: [] }, volumes: [], gitUrl: 'http://127.0.0.1:7070/git/shop.git', ...over }
}

export function aBuild(over: Partial<Build> = {}): Build {
  return { id: 'bld_1', app: 'shop', environment: 'production', state: 'queued', source: { kind: 'directory', commit: null, branch: null, image: null }, builder: null, because: 'waits for its turn', release: null, sizeBytes: null, queuedAt: ago(1000), startedAt: null, finishedAt: null, by: 'admin', ...over }
}

export function aRelease(over: Partial<Release> = {}): Release {
  return { number: 12, state: 'active', description: 'deploy of a directory', because: 'serves', artifact: 'a'.repeat(64), commit: 'c0ffee'.padEnd(40, '0'), buildId: 'bld_1', config: {}, secrets: [], createdAt: ago(5 * minute), by: 'admin', manifest: {}, ...over }
}

export function aLine(text: string, over: Partial<LogLine> = {}): LogLine {
  return { cursor: text, at: ago(1000), app: 'shop', environment: 'production', service: 'web', instance: 'web.1', release: 12, stream: 'stdout', level: 'unknown', text, ...over }
}

export function anEvent(id: number, over: Partial<JournalEvent> = {}): JournalEvent {
  return { id, at: ago(1000), kind: 'release.activated', actor: { kind: 'token', name: 'admin' }, app: 'shop', environment: 'production', service: null, instance: null, machine: null, release: 12, cause: null, summary: `event ${id}`, data: {}, ...over }
}
