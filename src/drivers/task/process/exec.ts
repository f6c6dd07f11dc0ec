/** A command inside a running task: with a terminal, or with pipes. It belongs to the task and ends with it. */
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import type { AppUser } from '../app-users.ts'
import { TaskError } from '../port.ts'
import type { ExecSession } from '../port.ts'
import { sendSignal } from './proc.ts'

/** What a person types to end the input: control-D. */
const endOfInput = '\x04'

export type ExecOptions = {
  id: string
  argv: string[]
  env: Record<string, string>
  cwd: string
  user: AppUser | null
  tty: { cols: number; rows: number } | null
  /** Called as soon as the process exists, before it can have started others. */
  joined(pid: number): void
}

export async function startExec(options: ExecOptions): Promise<ExecSession> {
  return options.tty ? withTerminal(options, options.tty) : withPipes(options)
}

/** Keeps output until somebody listens. */
function outputQueue() {
  const early: Buffer[] = []
  let listener: ((data: Buffer) => void) | undefined
  return {
    push(data: Buffer) {
      if (listener) listener(data)
      else early.push(data)
    },
    listen(next: (data: Buffer) => void) {
      listener = next
      for (const data of early.splice(0)) next(data)
    },
  }
}

function withTerminal(options: ExecOptions, size: { cols: number; rows: number }): ExecSession {
  // Loaded on first use: it is a native module, and a machine that never opens a terminal needs none.
  const pty = createRequire(import.meta.url)('@lydell/node-pty') as typeof import('@lydell/node-pty')
  const [file, ...args] = options.argv as [string, ...string[]]
  const output = outputQueue()
  const terminal = withoutGroups(options.user !== null, () =>
    pty.spawn(file, args, {
      cols: size.cols,
      rows: size.rows,
      cwd: options.cwd,
      env: { TERM: 'xterm-256color', ...options.env },
      encoding: null,
      ...options.user,
    }),
  )
  options.joined(terminal.pid)
  let ended = false
  terminal.onData((data) => output.push(Buffer.from(data)))
  const exited = new Promise<{ code: number | null }>((resolve) => {
    terminal.onExit(({ exitCode, signal }) => {
      ended = true
      resolve({ code: signal ? 128 + signal : exitCode })
    })
  })
  return {
    onOutput: output.listen,
    exited,
    write(data) {
      // Its types say string, but it hands the bytes to a socket as they are; a string would be encoded a second time.
      if (!ended) terminal.write(data.length === 0 ? endOfInput : (data as unknown as string))
    },
    resize(cols, rows) {
      if (!ended) terminal.resize(Math.max(1, cols), Math.max(1, rows))
    },
    close() {
      if (ended) return
      sendSignal(terminal.pid, 'SIGHUP')
      setTimeout(() => !ended && sendSignal(-terminal.pid, 'SIGKILL'), 1000).unref()
    },
  }
}

/**
 * The terminal library changes user and group but keeps the caller's supplementary groups, which for root include root's.
 * So this process has none while it forks: one synchronous call, in the only thread that runs our code.
 */
function withoutGroups<T>(drop: boolean, work: () => T): T {
  const groups = process.getgroups?.() ?? []
  if (!drop || groups.length === 0) return work()
  process.setgroups?.([])
  try {
    return work()
  } finally {
    process.setgroups?.(groups)
  }
}

async function withPipes(options: ExecOptions): Promise<ExecSession> {
  const [file, ...args] = options.argv as [string, ...string[]]
  const child = spawn(file, args, { cwd: options.cwd, env: options.env, detached: true, stdio: ['pipe', 'pipe', 'pipe'], ...options.user })
  const output = outputQueue()
  child.stdout.on('data', output.push)
  child.stderr.on('data', output.push)
  child.stdin.on('error', () => {}) // it closed its input early
  const exited = new Promise<{ code: number | null }>((resolve) => {
    child.once('close', (code, signal) => resolve({ code: signal === null ? code : 128 + constants.signals[signal] }))
  })
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', (cause) => reject(new TaskError('exec in', options.id, `${JSON.stringify(file)} does not start: ${cause.message}`, { retryable: false, cause })))
  })
  const pid = child.pid as number
  options.joined(pid)
  return {
    onOutput: output.listen,
    exited,
    write(data) {
      if (data.length === 0) child.stdin.end()
      else child.stdin.write(data)
    },
    resize() {},
    close() {
      if (child.exitCode === null && child.signalCode === null) sendSignal(-pid, 'SIGKILL')
    },
  }
}
