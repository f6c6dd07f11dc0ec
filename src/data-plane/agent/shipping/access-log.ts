/**
 * Ships the proxy's access log (`<home>/proxy/access.log`, one JSON object a line) as stream `access` of the service that each line names.
 * Lines of no service (an unknown host) stay in the file.
 */
import type { ControlClient } from '../../control-client.ts'
import type { Log } from '../log.ts'
import { type ShippedLine, startFileShipper } from './file-shipper.ts'

type AccessLine = { at?: string; app?: string | null; environment?: string | null; service?: string | null }

export function startAccessLog(options: { file: string; stateFile: string; machine: string; control: Pick<ControlClient, 'post'>; log: Log }): { close(): Promise<void> } {
  return startFileShipper({ ...options, kind: 'access', lineOf: accessLine, keyOf: ({ app, environment, service }) => `${app}/${environment}/${service}` })
}

function accessLine(text: string): ShippedLine | null {
  const line = parse(text)
  if (!line?.app || !line.environment || !line.service) return null
  const { app, environment, service, at = new Date(0).toISOString() } = line
  return { app, environment, service, instance: 'proxy', at, stream: 'access', text }
}

function parse(text: string): AccessLine | null {
  try {
    const line: unknown = JSON.parse(text)
    return typeof line === 'object' && line !== null ? (line as AccessLine) : null
  } catch {
    return null
  }
}
