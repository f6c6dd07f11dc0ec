/**
 * Runs somebody else's program as a user without rights: no new privileges, a control group with limits of memory and
 * processes where the machine has them, else limits of the shell; a time limit, and a limit of what is read. It waits
 * at a gate (file descriptor 3) until it is in its group, so that nothing of it ever runs outside. All of it is dead afterwards.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import type { Readable, Writable } from 'node:stream'
import { messageOf } from '#base/errors.ts'
import { type TaskGroup, findCgroups } from '#drivers/task/process/cgroup.ts'
import type { PluginEnd } from '../port.ts'

const script = 'read -r go <&3 || exit 125; exec 3<&-; if [ "$1" != 0 ]; then ulimit -v "$1" || exit 125; fi; shift; ulimit -c 0; exec "$@"'
const maxOutputBytes = 64 * 1024
const maxProcesses = 64
/** Apps and builds run as users below and above. */
const pluginUser = 65_400
/** Address space is more than memory: programs map what they never touch. */
const mappedPerUsed = 8
const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path))

export type ExecOptions = { argv: string[]; /** names the control groups */ dir: string; memoryBytes: number; cwd: string; cgroupMount?: string | null }

/** Rejects with the signal's reason when it aborts, and with words when the machine cannot run it. */
export async function execPlugin({ argv, dir, memoryBytes, cwd, cgroupMount = '/sys/fs/cgroup' }: ExecOptions, signal: AbortSignal): Promise<PluginEnd> {
  signal.throwIfAborted()
  const isRoot = process.getuid?.() === 0
  if (isRoot && setpriv === undefined) throw new Error('this machine has no setpriv, without which a plugin could gain rights (install util-linux)')
  const found = cgroupMount === null ? { because: 'they are off' } : findCgroups(dir, cgroupMount)
  const group = 'cgroups' in found ? found.cgroups.of(`plugin-${randomBytes(6).toString('hex')}`) : null
  const isMemoryKept = 'cgroups' in found && !found.cgroups.limits.some((text) => text.includes('memory'))
  const limited = isMemoryKept ? '0' : String(Math.ceil((memoryBytes * mappedPerUsed) / 1024))
  group?.create({ memoryBytes, cpu: 1, pids: maxProcesses })
  const child = spawn('/bin/sh', ['-c', script, 'nightshift-plugin', limited, ...(isRoot ? [setpriv as string, '--no-new-privs', '--'] : []), ...argv], {
    cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8', HOME: '/nonexistent' },
    ...(isRoot ? { uid: pluginUser, gid: pluginUser } : {}),
  })
  try {
    return await ended(child, group, signal)
  } finally {
    endAll(child, group)
    await group?.remove().catch(() => {})
  }
}

function ended(child: ChildProcess, group: TaskGroup | null, signal: AbortSignal): Promise<PluginEnd> {
  const { promise, resolve, reject } = Promise.withResolvers<PluginEnd>()
  let output = Buffer.alloc(0)
  let truncated = false
  for (const stream of [child.stdout, child.stderr] as Readable[]) {
    stream.on('data', (data: Buffer) => {
      if (output.length < maxOutputBytes) output = Buffer.concat([output, data]).subarray(0, maxOutputBytes)
      else if (!truncated) {
        truncated = true
        endAll(child, group)
      }
    })
  }
  const onAbort = () => {
    endAll(child, group)
    reject(signal.reason as Error)
  }
  signal.addEventListener('abort', onAbort, { once: true })
  child.once('error', (error: NodeJS.ErrnoException) => reject(new Error(error.code === 'EPERM' || error.code === 'EINVAL' ? `this machine lets nobody become user ${pluginUser}: ${messageOf(error)}` : `it cannot be started: ${messageOf(error)}`)))
  child.once('spawn', () => {
    const gate = child.stdio[3] as Writable
    gate.on('error', () => {})
    try {
      group?.join(child.pid as number)
      gate.end('go\n')
    } catch (error) {
      reject(new Error(`it cannot be limited: ${messageOf(error)}`))
    }
  })
  // a grandchild that holds the pipes must not hold us: what was said when it ended counts
  child.once('exit', (code) => setTimeout(() => resolve({ code: truncated ? null : code, output: output.toString('utf8'), truncated }), 20))
  return promise.finally(() => signal.removeEventListener('abort', onAbort))
}

/** Its process group, and whatever left that but not the control group. */
function endAll(child: ChildProcess, group: TaskGroup | null): void {
  for (const pid of [...(child.pid === undefined ? [] : [-child.pid]), ...(group?.pids() ?? [])]) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // it has ended
    }
  }
}
