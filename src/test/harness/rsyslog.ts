/** Debian's rsyslog as somebody else's syslog, in a folder of its own: for what goes out to one, and what comes in from one. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tempHome } from './home.ts'

const program = '/usr/sbin/rsyslogd'
/** Why it cannot be started here; undefined if it can. */
export const whyNoRsyslog = existsSync(program) ? undefined : 'rsyslog is not installed (Debian: rsyslog): nothing is tried against it'

export type Rsyslog = AsyncDisposable & { folder: string; file(name: string): Promise<string> }

/** @param config  RainerScript; `$FOLDER` stands for its folder */
export async function startRsyslog(config: string): Promise<Rsyslog> {
  const folder = await tempHome('ns-rsyslog-')
  const path = join(folder.home, 'rsyslog.conf')
  await writeFile(path, `global(workDirectory="${folder.home}" maxMessageSize="64k")\n${config.replaceAll('$FOLDER', folder.home)}\n`)
  const child = spawn(program, ['-n', '-f', path, '-i', join(folder.home, 'pid')], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (data) => (said += String(data)))
  const ended = once(child, 'exit')
  return {
    folder: folder.home,
    file: (name) => readFile(join(folder.home, name), 'utf8').catch(() => (child.exitCode === null ? '' : Promise.reject(new Error(`rsyslogd ended: ${said}`)))),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
      await folder[Symbol.asyncDispose]()
    },
  }
}
