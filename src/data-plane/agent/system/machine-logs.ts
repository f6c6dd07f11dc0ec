/** The log of the machine, where an operator asked for it: the journal, or else the files that a syslog daemon writes. Lines of `nightshift`, service `machine`. */
import { access, constants } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { messageOf } from '#base/errors.ts'
import { systemApp, systemEnvironment } from '#contract/system-logs.ts'
import type { ControlClient } from '../../control-client.ts'
import type { Log } from '../log.ts'
import { startFileShipper } from '../shipping/file-shipper.ts'
import { lineText, parseSyslog } from '../syslog/message.ts'
import { journalIn } from './journal-folder.ts'
import { startJournal } from './journal.ts'

const files = ['/var/log/syslog', '/var/log/messages', '/var/log/auth.log', '/var/log/secure']
const pollMs = 2000

export type MachineLogsOptions = { home: string; machine: string; control: Pick<ControlClient, 'post'>; log: Log; /** For tests. */ journalFolders?: readonly string[]; files?: readonly string[]; journalArgs?: readonly string[] }

const reads = (path: string) => access(path, constants.R_OK).then(() => true, () => false)

export function startMachineLogs(options: MachineLogsOptions): { close(): Promise<void> } {
  const { log } = options
  const closing = new AbortController()
  const running: { close(): Promise<void> }[] = []
  const start = async () => {
    for (const folder of options.journalFolders ?? ['/run/log/journal', '/var/log/journal']) {
      const journal = await journalIn(folder)
      if (journal === 'closed') log.warn({ folder }, 'the agent may not read the journal of this machine (run it as root, or put its user into the group systemd-journal)')
      if (journal === 'readable' || journal === 'empty') return void running.push(startJournal({ ...options, args: options.journalArgs ?? [] }))
    }
    const readable: string[] = []
    for (const file of options.files ?? files) if (await reads(file)) readable.push(file)
    if (closing.signal.aborted) return
    if (readable.length === 0) log.warn({}, 'this machine has neither a journal nor syslog files that the agent may read: there is no log of the machine')
    for (const file of readable) running.push(startMachineFile(options, file))
  }
  const started = start().catch((error: unknown) => log.error({ error: messageOf(error) }, 'the log of the machine cannot be read'))
  return {
    async close() {
      closing.abort()
      await started
      await Promise.all(running.map((each) => each.close()))
    },
  }
}

function startMachineFile({ home, machine, control, log }: MachineLogsOptions, file: string): { close(): Promise<void> } {
  const name = basename(file)
  return startFileShipper({
    file, machine, control, log, pollMs,
    stateFile: join(home, 'agent', `machine-log-${name}.json`),
    kind: 'machine',
    from: 'end', // what it said before is its own
    lineOf(text) {
      const message = parseSyslog(text, new Date())
      return { app: systemApp, environment: systemEnvironment, service: 'machine', instance: machine, at: message.at ?? new Date().toISOString(), stream: 'system', text: lineText({ ...message, host: null, facility: name }).slice(0, 32_000) }
    },
    keyOf: () => name,
  })
}
