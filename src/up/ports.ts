import { createServer } from 'node:net'
import { AppError } from '#base/errors.ts'
import { type DriverKind, type HomeConfig, machineOf } from './home.ts'
import { type ProcessOptions, standardPorts } from './options.ts'

function tryListen(host: string | null, port: number): Promise<number | string> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    server.listen({ ...(host === null ? {} : { host }), port, exclusive: true }, () => {
      const { port: got } = server.address() as { port: number }
      server.close(() => resolve(got))
    })
  })
}

/** Of the free ports one that no other flag has: the system may well name the same twice, since nobody listens yet. */
async function tryFree(host: string | null, chosen: ReadonlyMap<number, PortFlag>): Promise<number | string> {
  for (;;) {
    const got = await tryListen(host, 0)
    if (typeof got === 'string' || !chosen.has(got)) return got
  }
}

type PortFlag = 'api-port' | 'http-port' | 'https-port' | 'dns-port' | 'database-port'

type PortRule = {
  flag: PortFlag
  host: string | null
  asked: number | undefined
  saved: number | undefined
  standard: number
  /** A process of ours holds the saved port already. */
  held: Held
  /** Nobody depends on this number: any free one does where the standard one is taken. */
  movable: boolean
}

export type Held = (port: number, flag: PortFlag) => boolean

/** What is served on a port, for the line that says it has moved. */
const uses: Record<PortFlag, string> = { 'api-port': 'API and console', 'http-port': 'apps', 'https-port': 'apps with TLS', 'dns-port': 'DNS of *.internal', 'database-port': 'database' }

/** `chosen` holds what other flags have: no port twice. */
async function choose({ flag, host, asked, saved, standard, held, movable }: PortRule, chosen: Map<number, PortFlag>, say: (text: string) => void): Promise<number> {
  // asked 0 keeps what was chosen before: a restart serves where it served
  const wanted = asked === undefined || asked === 0 ? (saved ?? asked ?? standard) : asked
  const twice = chosen.get(wanted)
  if (twice !== undefined && !movable) throw new AppError('invalid', `--${twice} and --${flag} are both ${wanted} (give each a port of its own, or any free one with --${flag} 0)`)
  const take = (port: number) => (chosen.set(port, flag), port)
  if (wanted !== 0 && twice === undefined && held(wanted, flag)) return take(wanted)
  let got = twice !== undefined ? `--${twice} has it` : wanted === 0 ? await tryFree(host, chosen) : await tryListen(host, wanted)
  if (typeof got === 'string' && (movable || asked === 0)) {
    const why = got === 'EADDRINUSE' ? 'is taken by another program' : `cannot be had (${got})`
    got = await tryFree(host, chosen)
    if (typeof got === 'number') say(`  port ${wanted} ${why}: ${uses[flag]} on ${got} from now on${flag === 'database-port' ? '' : ` (another: --${flag} N)`}`)
  }
  if (typeof got === 'number') return take(got)
  const because = got === 'EACCES' ? 'only root may use it' : got === 'EADDRINUSE' ? 'it is taken by another program' : got
  throw new AppError('unavailable', `cannot listen on ${host ?? '*'}:${wanted}: ${because} (choose another with --${flag} N, or any free one with --${flag} 0)`)
}

/** The configuration of this start: flags over what was saved over the defaults, every port a number that is free or ours. */
export async function chooseConfig(options: ProcessOptions, saved: HomeConfig | undefined, more: { driver: DriverKind; held: Held; movable: boolean; say?: (text: string) => void }): Promise<HomeConfig> {
  const { driver, held, movable, say = () => {} } = more
  const apiHost = options.apiHost ?? saved?.apiHost ?? '127.0.0.1'
  const httpHost = options.httpHost ?? saved?.httpHost ?? null
  const httpsPort = options.httpsPort ?? saved?.httpsPort ?? null
  const chosen = new Map<number, PortFlag>()
  const port = (rule: Omit<PortRule, 'held' | 'movable'>, mayMove: boolean) => choose({ ...rule, held, movable: mayMove && rule.asked === undefined }, chosen, say)
  return {
    machine: options.machine ?? saved?.machine ?? machineOf(),
    driver,
    trustedProxy: options.trustedProxy ?? saved?.trustedProxy,
    apiHost,
    apiPort: await port({ flag: 'api-port', host: apiHost, asked: options.apiPort, saved: saved?.apiPort, standard: standardPorts.api }, movable),
    httpHost,
    httpPort: await port({ flag: 'http-port', host: httpHost, asked: options.httpPort, saved: saved?.httpPort, standard: standardPorts.http }, movable),
    httpsPort: httpsPort === null ? null : await port({ flag: 'https-port', host: httpHost, asked: httpsPort, saved: saved?.httpsPort ?? undefined, standard: standardPorts.https }, false),
    dnsPort: await port({ flag: 'dns-port', host: '127.0.0.1', asked: options.dnsPort, saved: saved?.dnsPort, standard: standardPorts.dns }, true),
    databasePort: await port({ flag: 'database-port', host: '127.0.0.1', asked: undefined, saved: saved?.databasePort, standard: standardPorts.database }, true),
  }
}
