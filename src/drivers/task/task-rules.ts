/** What every task driver agrees on: the grammar of ids, what an exit status means, where an artifact's folder is seen. */
import { constants } from 'node:os'
import { isAbsolute, normalize } from 'node:path'
import type { ExitStatus } from '#contract/wire.ts'
import { TaskError } from './port.ts'
import type { TaskSpec } from './port.ts'

/** The folder that holds the artifact, as manifests and volume targets write it. */
export const appFolder = '/app'

const idPattern = /^[a-z0-9][a-z0-9_.-]{0,99}$/

/** Throws unless `id` is safe as a file name, a cgroup name and a label value. */
export function checkTaskId(operation: string, id: string): void {
  if (!idPattern.test(id)) {
    throw new TaskError(operation, JSON.stringify(id.slice(0, 120)), 'a task id holds only a-z, 0-9, _, . and -, starts with a letter or digit, and has 100 characters at most', {
      retryable: false,
    })
  }
}

/** The artifact's working folder relative to its top: `.` or `packages/web`. Throws when it points outside. */
export function checkRoot(task: TaskSpec): string {
  const root = normalize(task.root === '' ? '.' : task.root).replace(/\/+$/, '')
  if (isAbsolute(root) || root === '..' || root.startsWith('../') || root.includes('\0')) {
    throw new TaskError('start', task.id, `root ${JSON.stringify(task.root)} is outside the app (write a folder inside it, such as packages/web)`, {
      retryable: false,
    })
  }
  return root
}

/** Throws on names and values that no program could be given. */
export function checkEnvironment(task: TaskSpec): void {
  for (const [name, value] of Object.entries(task.env)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      throw new TaskError('start', task.id, `${JSON.stringify(name)} is not a variable name (use letters, digits and _)`, { retryable: false })
    }
    if (value.includes('\0')) {
      throw new TaskError('start', task.id, `variable ${name} holds a NUL byte, which no program can receive (encode it, for example in base64)`, { retryable: false })
    }
  }
}

const signalNames = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]))

/**
 * The exit a shell or an init process reports, in our words. Both say `128 + n` for a death by signal n, so a program
 * that itself exits with such a number reads as a death by that signal: the convention of every shell.
 */
export function exitFromStatus(status: number, oom: boolean, at: string): ExitStatus {
  const signal = status > 128 ? signalNames.get(status - 128) : undefined
  return { code: signal === undefined ? status : null, signal: signal ?? null, oom, at }
}

/** Throws when a signal name is not one this machine knows. */
export function checkSignal(operation: string, id: string, name: string): NodeJS.Signals {
  if (!Object.hasOwn(constants.signals, name)) {
    throw new TaskError(operation, id, `${JSON.stringify(name)} is not a signal (use SIGTERM, SIGINT, SIGQUIT …)`, { retryable: false })
  }
  return name as NodeJS.Signals
}
