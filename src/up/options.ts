/** Flags and environment of the process commands, parsed once at the start. What they mean stands in `usage`. */
import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { AppError, messageOf } from '#base/errors.ts'
import { nearest } from '#base/nearest.ts'
import { type Listening, parseListening } from '#data-plane/agent/syslog/listen.ts'
import { defaultHome } from '#cli/server-choice.ts'

const flags = {
  home: { type: 'string' },
  'api-host': { type: 'string' },
  'api-port': { type: 'string' },
  'trusted-proxy': { type: 'string' },
  'http-host': { type: 'string' },
  'http-port': { type: 'string' },
  'https-port': { type: 'string' },
  'dns-port': { type: 'string' },
  'database-port': { type: 'string' },
  driver: { type: 'string' },
  machine: { type: 'string' },
  'control-url': { type: 'string' },
  'ready-file': { type: 'string' },
  detach: { type: 'boolean' },
  'stop-apps-on-exit': { type: 'boolean' },
  apps: { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

type FlagName = keyof typeof flags

/** Where nobody asked for another; those of `up` may move, see ports.ts. */
export const standardPorts = { api: 7400, http: 8080, https: 8443, dns: 7453, database: 7432 } as const

const serving: FlagName[] = ['home', 'api-host', 'api-port', 'trusted-proxy', 'http-host', 'http-port', 'https-port', 'dns-port', 'driver', 'machine']

/** Which flags a command takes; another one is an error, not ignored. */
const taken: Record<string, readonly FlagName[]> = {
  up: [...serving, 'ready-file', 'detach', 'stop-apps-on-exit'],
  down: ['home', 'apps'],
  status: ['home', 'json'],
  control: ['home', 'api-host', 'api-port', 'trusted-proxy', 'http-port', 'https-port', 'machine', 'database-port'],
  agent: ['home', 'control-url', 'driver', 'machine'],
  proxy: ['home', 'control-url', 'http-host', 'http-port', 'https-port', 'dns-port', 'machine'],
  postgres: ['home', 'database-port'],
}

export type ProcessOptions = {
  home: string
  apiHost: string | undefined
  apiPort: number | undefined
  /** Comma-separated addresses or networks. */
  trustedProxy: string | undefined
  httpHost: string | undefined
  httpPort: number | undefined
  httpsPort: number | undefined
  dnsPort: number | undefined
  databasePort: number | undefined
  driver: 'auto' | 'process' | 'docker' | undefined
  machine: string | undefined
  controlUrl: string | undefined
  readyFile: string | undefined
  detach: boolean
  stopAppsOnExit: boolean
  apps: boolean
  json: boolean
  help: boolean
  /** Of an external PostgreSQL; the embedded one is not started then. */
  databaseUrl: string | undefined
  /** `clickhouse+http://…`: an engine that keeps sealed log lines. */
  logStore: string | undefined
  /** Instead of `<home>/keys/machine.token`, for an agent or proxy on another machine. */
  machineToken: string | undefined
  /** `udp://… tcp://… tls://…`: where the agent takes syslog in. */
  syslog: Listening[]
  syslogCert: string | undefined
  syslogKey: string | undefined
  /** The agent ships the logs of its machine. */
  machineLogs: boolean
  /** Traces of clients from outside go on at the ingress. */
  trustTraces: boolean
}

/** Throws `invalid` with the usage's way out. */
export function parseProcessOptions(command: string, args: string[], env: NodeJS.ProcessEnv): ProcessOptions {
  const values = parse(command, args)
  const filled = (name: string) => env[name] || undefined
  const driver = values.driver ?? filled('NIGHTSHIFT_DRIVER')
  if (driver !== undefined && driver !== 'auto' && driver !== 'process' && driver !== 'docker')
    throw new AppError('invalid', `--driver ${driver} does not exist (process: plain processes, docker: containers, auto: docker where an engine answers)`)
  return {
    home: resolve(values.home ?? filled('NIGHTSHIFT_HOME') ?? defaultHome(env)),
    apiHost: values['api-host'],
    apiPort: portOf('api-port', values['api-port']),
    trustedProxy: proxiesOf(values['trusted-proxy']),
    httpHost: values['http-host'],
    httpPort: portOf('http-port', values['http-port']),
    httpsPort: portOf('https-port', values['https-port']),
    dnsPort: portOf('dns-port', values['dns-port']),
    databasePort: portOf('database-port', values['database-port']),
    driver,
    machine: values.machine,
    controlUrl: values['control-url'] ?? filled('NIGHTSHIFT_CONTROL_URL'),
    readyFile: values['ready-file'] === undefined ? undefined : resolve(values['ready-file']),
    detach: values.detach ?? false,
    stopAppsOnExit: values['stop-apps-on-exit'] ?? false,
    apps: values.apps ?? false,
    json: values.json ?? false,
    help: values.help ?? false,
    databaseUrl: filled('DATABASE_URL'),
    logStore: filled('NIGHTSHIFT_LOG_STORE'),
    machineToken: filled('NIGHTSHIFT_MACHINE_TOKEN'),
    syslog: parseListening(filled('NIGHTSHIFT_SYSLOG') ?? ''),
    syslogCert: filled('NIGHTSHIFT_SYSLOG_CERT'),
    syslogKey: filled('NIGHTSHIFT_SYSLOG_KEY'),
    machineLogs: filled('NIGHTSHIFT_MACHINE_LOGS') === '1',
    trustTraces: filled('NIGHTSHIFT_TRUST_TRACES') === '1',
  }
}

function parse(command: string, args: string[]) {
  const allowed = taken[command] ?? []
  const { values, tokens } = (() => {
    try {
      return parseArgs({ args, options: flags, strict: true, tokens: true })
    } catch (error) {
      const unknown = /Unknown option '(-[^' ]+)/.exec(messageOf(error))?.[1]
      if (unknown === undefined) throw new AppError('invalid', `nightshift ${command}: ${messageOf(error)} (see: nightshift ${command} --help)`)
      const meant = nearest(unknown.replace(/^-+/, ''), allowed)
      throw new AppError('invalid', `there is no flag ${unknown} (${meant ? `did you mean --${meant}? ` : ''}see: nightshift ${command} --help)`)
    }
  })()
  for (const token of tokens) {
    if (token.kind === 'option' && token.name !== 'help' && !allowed.includes(token.name as FlagName))
      throw new AppError('invalid', `nightshift ${command} takes no --${token.name} (see: nightshift ${command} --help)`)
  }
  return values
}

function proxiesOf(text: string | undefined): string | undefined {
  const wrong = text?.split(',').find((one) => isIP(one.split('/')[0] as string) === 0 || !/^[^/]+(\/\d{1,3})?$/.test(one))
  if (wrong !== undefined) throw new AppError('invalid', `--trusted-proxy ${wrong} is neither an address nor a network, such as 127.0.0.1 or 10.0.0.0/8`)
  return text
}

function portOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const port = Number(text)
  if (!/^\d+$/.test(text) || port > 65_535) throw new AppError('invalid', `--${flag} ${text} is not a port (0 to 65535; 0 is any free one)`)
  return port
}

const usages: Record<string, string> = {
  up: `nightshift up: start everything on this machine, and keep it running

  --home DIR             data folder (default NIGHTSHIFT_HOME, else ~/.nightshift; as root /var/lib/nightshift)
  --api-port N           API and console (default ${standardPorts.api})
  --api-host HOST        address they listen on (default 127.0.0.1)
  --trusted-proxy ADDR   address or network of the TLS proxy before the API; several with commas (default: none)
  --http-port N          where apps are served (default ${standardPorts.http})
  --https-port N         the same with TLS (default: off)
  --http-host HOST       address apps are served on (default: all of this machine)
  --dns-port N           DNS of <service>.<app>.internal (default ${standardPorts.dns})
  --driver WHICH         process, docker, or auto: docker where an engine answers (default auto)
  --machine NAME         name of this machine (default: its host name)
  --ready-file FILE      write one line of JSON there when all is ready: api, ingress, console, loginUrl
  --detach               return when all is ready; stop with: nightshift down
  --stop-apps-on-exit    stop the apps too when this ends

A port 0 means any free one; ports once chosen are kept. DATABASE_URL names an external PostgreSQL instead of the embedded one.
NIGHTSHIFT_TRUST_TRACES=1 lets traces that clients bring go on at the ingress; otherwise each begins anew there.
NIGHTSHIFT_SYSLOG takes syslog in at udp://, tcp:// or tls:// places, several with spaces; for TLS with NIGHTSHIFT_SYSLOG_CERT and _KEY, two
files. NIGHTSHIFT_LOG_STORE=clickhouse+http://user:password@host:8123/database keeps log lines in ClickHouse once they are sealed.
NIGHTSHIFT_MACHINE_LOGS=1 adds the journal, or the syslog files, of this machine. It is seen, as syslog is, by whoever sees all apps.
Stopping (Ctrl-C, SIGTERM, nightshift down) leaves apps running unless told otherwise.`,
  down: `nightshift down: stop what nightshift up started; apps run on

  --home DIR   data folder
  --apps       stop the apps too; they start again with the next nightshift up`,
  status: `nightshift status: the processes of Nightshift on this machine

  --home DIR   data folder
  --json       as JSON`,
  control: `nightshift control: the API, the console and the loops, alone

  --home DIR, --api-host HOST, --api-port N, --http-port N, --https-port N, --machine NAME as for nightshift up
  --database-port N   of the embedded database of this home
DATABASE_URL names an external PostgreSQL. NIGHTSHIFT_LOG_STORE as for nightshift up.`,
  agent: `nightshift agent: runs the instances of this machine, alone

  --home DIR          data folder
  --control-url URL   control's API (default: that of this home); or NIGHTSHIFT_CONTROL_URL
  --driver WHICH      process, docker or auto
  --machine NAME      name of this machine
NIGHTSHIFT_MACHINE_TOKEN stands for <home>/keys/machine.token on another machine than control's.
NIGHTSHIFT_SYSLOG and NIGHTSHIFT_MACHINE_LOGS as for nightshift up.`,
  proxy: `nightshift proxy: the ingress and the edges of this machine, alone

  --home DIR          data folder
  --control-url URL   control's API (default: that of this home); or NIGHTSHIFT_CONTROL_URL
  --http-host HOST, --http-port N, --https-port N, --dns-port N, --machine NAME as for nightshift up
NIGHTSHIFT_MACHINE_TOKEN stands for <home>/keys/machine.token on another machine than control's.
NIGHTSHIFT_TRUST_TRACES=1 as for nightshift up.`,
  postgres: `nightshift postgres: the embedded database of this home, alone; runs until it is stopped

  --home DIR          data folder
  --database-port N   port on 127.0.0.1 (default ${standardPorts.database})`,
}

export function usageOf(command: string): string {
  return usages[command] ?? ''
}
