import { readFile } from 'node:fs/promises'
import type { CheckConfig } from '#contract/check-kinds.ts'
import type { RunCheck } from '../port.ts'

export const runPort: RunCheck<CheckConfig<'port'>> = async ({ port }) => {
  if (process.platform !== 'linux') return { status: 'err', message: `ports can be looked at on Linux only, and this is ${process.platform}` }
  const tables = await Promise.all(['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8').catch(() => '')))
  return tables.some((table) => listens(table, port)) ? { status: 'ok', message: `something listens on port ${port}` } : { status: 'err', message: `nothing listens on port ${port}` }
}

const listenState = '0A'

/** A table of /proc/net/tcp: address:port and state in hexadecimal. */
export function listens(table: string, port: number): boolean {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0')
  return table.split('\n').some((line) => {
    const [, local = '', , state] = line.trim().split(/\s+/)
    return state === listenState && local.endsWith(`:${wanted}`)
  })
}
