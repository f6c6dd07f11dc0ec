/**
 * The keeper: one tiny shell per task that outlives whoever started it, runs the app as its child, and writes down how
 * the app ended. It is a fixed script; what to run arrives as arguments, never as text of the script.
 *
 * It waits at a gate (file descriptor 3) until its starter has recorded its pid and put it in its control groups. If the
 * starter dies before that, the gate closes and nothing runs: there is never an app that nobody knows of.
 *
 * It runs as the app's user with the app's environment, so nothing in that environment gains rights.
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import type { Writable } from 'node:stream'
import type { AppUser } from '../app-users.ts'

// Signals are trapped with an empty action rather than ignored: the app starts with the defaults, as POSIX resets traps
// but not ignored signals in a child. The keeper's own remarks ("Killed") do not belong in the app's log. The status is
// written over room that is already there (`1<>` does not truncate).
const script = `
umask 022
trap : HUP INT QUIT USR1 USR2 PIPE ALRM TERM
read -r go <&3 || exit 125
exec 3<&-
status_file=$1
shift
exec 4>&2 2>/dev/null
(exec "$@" 2>&4 4>&-)
echo "$?" 1<>"$status_file"
`

export type Keeper = { child: ChildProcess; pid: number; open(): void }

export type KeeperOptions = {
  argv: string[]
  statusFile: string
  cwd: string
  env: Record<string, string>
  user: AppUser | null
  stdoutPath: string
  stderrPath: string
}

/** Resolves when the keeper exists and waits at its gate. Rejects with the system's error. */
export async function startKeeper(options: KeeperOptions): Promise<Keeper> {
  const out = openSync(options.stdoutPath, 'a')
  const err = openSync(options.stderrPath, 'a')
  try {
    const child = spawn('/bin/sh', ['-c', script, 'nightshift-task', options.statusFile, ...options.argv], {
      cwd: options.cwd,
      env: options.env,
      detached: true,
      stdio: ['ignore', out, err, 'pipe'],
      ...options.user,
    })
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', reject)
    })
    const gate = child.stdio[3] as Writable
    gate.on('error', () => {}) // it died at the gate: its exit says so
    child.unref()
    return { child, pid: child.pid as number, open: () => gate.end('go\n') }
  } finally {
    closeSync(out)
    closeSync(err)
  }
}
