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

type PortRule = {
  flag: string
  host: string | null
  asked: number | undefined
  saved: number | undefined
  standard: number
  /** A process of ours holds the saved port already. */
  held: (port: number) => boolean
  /** Nobody depends on this number: any free one does where the standard one is taken. */
  movable?: boolean
}

async function choose({ flag, host, asked, saved, standard, held, movable }: PortRule): Promise<number> {
  // asked 0 keeps what was chosen before: a restart serves where it served
  const wanted = asked === undefined || asked === 0 ? (saved ?? asked ?? standard) : asked
  if (wanted !== 0 && held(wanted)) return wanted
  let got = await tryListen(host, wanted)
  if (typeof got === 'string' && (movable || asked === 0)) got = await tryListen(host, 0)
  if (typeof got === 'number') return got
  const because = got === 'EACCES' ? 'only root may use it' : got === 'EADDRINUSE' ? 'it is taken by another program' : got
  throw new AppError('unavailable', `cannot listen on ${host ?? '*'}:${wanted}: ${because} (choose another with --${flag} N, or any free one with --${flag} 0)`)
}

/** The configuration of this start: flags over what was saved over the defaults, every port a number that is free or ours. */
export async function chooseConfig(options: ProcessOptions, saved: HomeConfig | undefined, more: { driver: DriverKind; held: (port: number) => boolean; movable: boolean }): Promise<HomeConfig> {
  const { driver, held, movable } = more
  const apiHost = options.apiHost ?? saved?.apiHost ?? '127.0.0.1'
  const httpHost = options.httpHost ?? saved?.httpHost ?? null
  const httpsPort = options.httpsPort ?? saved?.httpsPort ?? null
  return {
    machine: options.machine ?? saved?.machine ?? machineOf(),
    driver,
    trustedProxy: options.trustedProxy ?? saved?.trustedProxy,
    apiHost,
    apiPort: await choose({ flag: 'api-port', host: apiHost, asked: options.apiPort, saved: saved?.apiPort, standard: standardPorts.api, held, movable: movable && options.apiPort === undefined }),
    httpHost,
    httpPort: await choose({ flag: 'http-port', host: httpHost, asked: options.httpPort, saved: saved?.httpPort, standard: standardPorts.http, held, movable: movable && options.httpPort === undefined }),
    httpsPort: httpsPort === null ? null : await choose({ flag: 'https-port', host: httpHost, asked: httpsPort, saved: saved?.httpsPort ?? undefined, standard: standardPorts.https, held }),
    dnsPort: await choose({ flag: 'dns-port', host: '127.0.0.1', asked: options.dnsPort, saved: saved?.dnsPort, standard: standardPorts.dns, held, movable: true }),
    databasePort: await choose({ flag: 'database-port', host: '127.0.0.1', asked: undefined, saved: saved?.databasePort, standard: standardPorts.database, held, movable: true }),
  }
}
