/** The processes that make up Nightshift on one machine, as the supervisor handles them. */
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import type { Managed } from '#kernel/supervisor/managed.ts'
import { nodeProcess } from '#kernel/supervisor/node-process.ts'
import { type HomeConfig, saveConfig } from './home.ts'
import { postgresProcess } from './postgres-process.ts'
import { version } from './version.ts'

const main = fileURLToPath(new URL('../main.ts', import.meta.url))
/** With it Node does not load the TypeScript compiler: 30 MB less in each process. bin/nightshift sets the same. */
const compileCache = fileURLToPath(new URL('../../node_modules/.cache/nightshift', import.meta.url))

/**
 * The heap for young objects grows to 16 MB by itself, thrice, and seldom shrinks. Measured (bench/, 2026-11-20): an agent
 * is 5 MB smaller with 1 MB; control stores log lines at the same CPU with 4 MB and stays 80 MB smaller while it does.
 * Arguments, not NODE_OPTIONS, which apps could inherit.
 */
const youngHeap = (megabytes: number) => `--max-semi-space-size=${megabytes}`

/**
 * What was once a heap of glibc stays one, whoever gives it back, as long as something small lies at its end: after a flood of telemetry
 * (bodies of up to 4 MB) an agent stayed at 250 MB. With these, whatever is larger than 32 KB is a mapping of its own, which goes back to the
 * system at once; a flood is taken at half the speed, and everything else costs the same (measured 2026-11-28). Elsewhere than with glibc
 * they mean nothing. The environment of apps is made anew, and holds none of it.
 */
const givesBack = { MALLOC_MMAP_THRESHOLD_: '32768', MALLOC_TRIM_THRESHOLD_: '65536' }

/** Settings of the agent that are told by the environment; another value makes it another agent, which takes the place of the one that runs. */
const agentSettings = ['NIGHTSHIFT_SYSLOG', 'NIGHTSHIFT_SYSLOG_CERT', 'NIGHTSHIFT_SYSLOG_KEY', 'NIGHTSHIFT_MACHINE_LOGS']

function given(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])))
}

export type NightshiftProcesses = { all(): Managed[]; agent(): Managed; postgres(): Managed | undefined }

/**
 * `config` is changed and saved when the database had to take another port; what depends on it gets another fingerprint
 * then and is replaced.
 */
export function nightshiftProcesses(home: string, config: HomeConfig, databaseUrl: string | undefined): NightshiftProcesses {
  const own = (name: string, flags: Record<string, string | number | null>, more: { needs?: string[]; env?: Record<string, string>; nodeFlags?: string[]; graceMs: number }) => {
    const given = Object.entries(flags).flatMap(([flag, value]) => (value === null ? [] : [`--${flag}`, String(value)]))
    const args = [...(more.nodeFlags ?? []), main, name, '--home', home, ...given]
    const fingerprint = createHash('sha256').update(JSON.stringify([version, process.execPath, args, more.env ?? {}])).digest('hex').slice(0, 12)
    const env = { ...process.env, ...more.env, NIGHTSHIFT_HOME: home, NIGHTSHIFT_SUPERVISED: '1', NODE_COMPILE_CACHE: compileCache }
    for (const secret of ['DATABASE_URL', 'NIGHTSHIFT_LOG_STORE']) if (more.env?.[secret] === undefined) delete (env as NodeJS.ProcessEnv)[secret] // for control alone
    return nodeProcess({ home, name, version, command: process.execPath, args, env, fingerprint, needs: more.needs ?? [], graceMs: more.graceMs })
  }
  const cached = new Map<string, Managed>()
  // the same object as long as its settings are the same: it remembers the probe under way
  const keep = (made: Managed) => cached.getOrInsert(`${made.name} ${made.fingerprint}`, made)

  const { machine, driver, apiHost, apiPort, trustedProxy = null, httpHost, httpPort, httpsPort, dnsPort } = config
  const controlUrl = `http://${reachable(apiHost)}:${apiPort}`
  const postgres = databaseUrl === undefined ? postgresProcess({ home, version, port: () => config.databasePort, onPort }) : undefined

  function onPort(port: number) {
    config.databasePort = port
    saveConfig(home, config)
  }

  const agent = () => keep(own('agent', { 'control-url': controlUrl, machine, driver }, { nodeFlags: [youngHeap(1)], env: { ...givesBack, ...given(agentSettings) }, graceMs: 15_000 }))
  return {
    agent,
    postgres: () => postgres,
    all: () => [
      ...(postgres ? [postgres] : []),
      keep(
        own(
          'control',
          { 'api-host': apiHost, 'api-port': apiPort, 'trusted-proxy': trustedProxy, 'http-port': httpPort, 'https-port': httpsPort, machine, 'database-port': postgres ? config.databasePort : null },
          { needs: postgres ? ['postgres'] : [], nodeFlags: [youngHeap(4)], graceMs: 15_000, env: { ...given(['NIGHTSHIFT_LOG_STORE']), ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }) } },
        ),
      ),
      agent(),
      keep(own('proxy', { 'control-url': controlUrl, machine, 'http-host': httpHost, 'http-port': httpPort, 'https-port': httpsPort, 'dns-port': dnsPort }, { graceMs: 35_000 })),
    ],
  }
}

/** The address by which this machine itself reaches what listens on `host`. */
export function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}
