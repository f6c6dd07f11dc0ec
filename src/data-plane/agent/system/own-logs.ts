/** What Nightshift's own processes say, in `<home>/log/<process>.log`, as lines of `nightshift`: one source a process, named after the machine. */
import { join } from 'node:path'
import { systemApp, systemEnvironment } from '#contract/system-logs.ts'
import type { ControlClient } from '../../control-client.ts'
import type { Log } from '../log.ts'
import { startFileShipper } from '../shipping/file-shipper.ts'

const processes = ['control', 'agent', 'proxy', 'postgres', 'supervisor', 'up'] as const
const pollMs = 2000

export function startOwnLogs(options: { home: string; machine: string; control: Pick<ControlClient, 'post'>; log: Log }): { close(): Promise<void> } {
  const { home, machine } = options
  const shippers = processes.map((name) =>
    startFileShipper({
      ...options,
      file: join(home, 'log', `${name}.log`),
      stateFile: join(home, 'agent', `own-log-${name}.json`),
      kind: 'own',
      pollMs,
      lineOf: (text) => ({ app: systemApp, environment: systemEnvironment, service: name, instance: machine, at: timeOf(text), stream: 'system', text: text.slice(0, 32_000) }),
      keyOf: () => name,
    }),
  )
  return {
    async close() {
      await Promise.all(shippers.map((shipper) => shipper.close()))
    },
  }
}

/** Ours are JSON with a time; PostgreSQL's begin with theirs, in UTC. Others are of now. */
function timeOf(text: string): string {
  const found = /"time":"([^"]{20,30})"/.exec(text)?.[1] ?? /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}) (?:UTC|GMT)/.exec(text)?.[1]?.replace(/ (.*)$/, 'T$1Z')
  const ms = found === undefined ? Number.NaN : Date.parse(found)
  return new Date(Number.isNaN(ms) ? Date.now() : ms).toISOString()
}
