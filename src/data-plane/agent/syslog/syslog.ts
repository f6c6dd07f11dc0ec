/** Syslog in: listeners → spool on disk (`<home>/agent/syslog/in.log`, five files of 16 MB) → control, as lines of `nightshift`, service `syslog`, one instance a sender. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '#base/errors.ts'
import { systemApp, systemEnvironment } from '#contract/system-logs.ts'
import { AccessLog } from '#data-plane/proxy/access-log.ts'
import type { ControlClient } from '../../control-client.ts'
import type { Log } from '../log.ts'
import { type ShippedLine, startFileShipper } from '../shipping/file-shipper.ts'
import type { Listening } from './listen.ts'
import { lineText, parseSyslog } from './message.ts'
import { type SyslogServer, openSyslogServer } from './server.ts'
import { Spool } from './spool.ts'

export type SyslogOptions = { home: string; machine: string; places: readonly Listening[]; certFile: string | null; keyFile: string | null; control: Pick<ControlClient, 'post'>; log: Log; pollMs?: number }

/** More senders than these share one name: whoever may send may choose any. */
const maxSenders = 200

export async function startSyslog(options: SyslogOptions): Promise<SyslogServer> {
  const { home, machine, control, log } = options
  const file = join(home, 'agent', 'syslog', 'in.log')
  const spool = await Spool.open(file, new AccessLog({ path: file, log: (level, message) => log[level]({}, message) }))
  const senders = new Set<string>()
  const certificate = await certificateOf(options)
  const server = await openSyslogServer({
    places: options.places, certificate, log,
    sink: {
      take(message, from) {
        const parsed = parseSyslog(message, new Date())
        const host = (parsed.host ?? from).replace(/[^A-Za-z0-9._:-]/g, '_').slice(0, 60) || 'unknown'
        const known = senders.has(host) || senders.size < maxSenders
        if (known) senders.add(host)
        return spool.add({ at: parsed.at ?? new Date().toISOString(), sender: known ? host : 'others', text: lineText(parsed) })
      },
      ready: () => spool.ready(),
    },
  })
  const shipper = startFileShipper({ file, stateFile: join(home, 'agent', 'syslog', 'position.json'), machine, kind: 'syslog', lineOf: shippedLine, keyOf: ({ instance }) => instance, control, log, ...(options.pollMs === undefined ? {} : { pollMs: options.pollMs }) })
  log.info({ places: server.places }, 'syslog is taken in')
  return {
    places: server.places,
    async close() {
      await server.close()
      await spool.close()
      await shipper.close()
    },
  }
}

function shippedLine(text: string): ShippedLine | null {
  try {
    const { n, at, sender, text: line } = JSON.parse(text) as { n: number; at: string; sender: string; text: string }
    return typeof line === 'string' ? { app: systemApp, environment: systemEnvironment, service: 'syslog', instance: sender, at, stream: 'system', text: line, sequence: n } : null
  } catch {
    return null
  }
}

async function certificateOf({ certFile, keyFile, log }: SyslogOptions): Promise<{ cert: string; key: string } | null> {
  if (certFile === null || keyFile === null) return null
  try {
    const [cert, key] = await Promise.all([readFile(certFile, 'utf8'), readFile(keyFile, 'utf8')])
    return { cert, key }
  } catch (error) {
    log.error({ error: messageOf(error) }, 'the certificate for syslog over TLS cannot be read')
    return null
  }
}
