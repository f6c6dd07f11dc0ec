/** Every kind of check, as data. Adding one = a folder here, its schema in `contract/check-kinds.ts`, and a line. */
import type { CheckDriver } from './port.ts'

export const checkDrivers: readonly CheckDriver[] = [
  { kind: 'http', load: async () => (await import('./http/run.ts')).runHttp },
  { kind: 'http-json', load: async () => (await import('./http-json/run.ts')).runHttpJson },
  { kind: 'tcp', load: async () => (await import('./tcp/run.ts')).runTcp },
  { kind: 'ping', load: async () => (await import('./ping/run.ts')).runPing },
  { kind: 'dns', load: async () => (await import('./dns/run.ts')).runDns },
  { kind: 'tls', load: async () => (await import('./tls/run.ts')).runTls },
  { kind: 'domain', load: async () => (await import('./domain/run.ts')).runDomain },
  { kind: 'postgres', load: async () => (await import('./postgres/run.ts')).runPostgres },
  { kind: 'mysql', load: async () => (await import('./mysql/run.ts')).runMysql },
  { kind: 'redis', load: async () => (await import('./redis/run.ts')).runRedis },
  { kind: 'process', load: async () => (await import('./process/run.ts')).runProcess },
  { kind: 'port', load: async () => (await import('./port/run.ts')).runPort },
  { kind: 'file', load: async () => (await import('./file/run.ts')).runFile },
  { kind: 'log', load: async () => (await import('./log/run.ts')).runLog },
  { kind: 'plugin', load: async () => (await import('./plugin/run.ts')).runPlugin },
]
