/** Calls of the command line in tests: in this process for most, as a real process where the process is what is tested. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { runCli } from '../main.ts'
import type { Io } from '../output.ts'

export type Called = { code: number; stdout: string; stderr: string }
export type CallOptions = { env?: Record<string, string>; cwd?: string; stdin?: string; /** stdout is a terminal of this width. */ columns?: number }

export const mainFile = fileURLToPath(new URL('../../main.ts', import.meta.url))
/** Where no call of a test finds a saved login or a data folder. */
const nowhere = '/nonexistent'

export async function call(argv: string[], options: CallOptions = {}): Promise<Called> {
  const written = { stdout: '', stderr: '' }
  const io: Io = {
    stdout: { write: (text: string) => (written.stdout += text), ...(options.columns === undefined ? {} : { isTTY: true, columns: options.columns }) },
    stderr: { write: (text: string) => (written.stderr += text) },
    stdin: Readable.from(options.stdin === undefined ? [] : [Buffer.from(options.stdin)]) as Io['stdin'],
    env: { HOME: nowhere, ...options.env },
    cwd: options.cwd ?? nowhere,
  }
  const code = await runCli(argv, io)
  return { code, ...written }
}

export type Spawned = { child: ChildProcess; stdout: () => string; stderr: () => string; ended: Promise<Called>; /** Resolves once stdout or stderr holds this. */ says: (text: string) => Promise<void> }

/** A real process through this node, its stdin left open unless given. */
export function start(argv: string[], options: CallOptions & { keepStdin?: boolean } = {}): Spawned {
  const child = spawn(process.execPath, [mainFile, ...argv], { env: { PATH: process.env['PATH'], HOME: nowhere, ...options.env }, cwd: options.cwd ?? tmpdir(), stdio: 'pipe' })
  let stdout = ''
  let stderr = ''
  const waiting = new Set<{ text: string; resolve: () => void; reject: (error: Error) => void }>()
  const check = (): void => {
    for (const waiter of waiting) {
      if (!stdout.includes(waiter.text) && !stderr.includes(waiter.text)) continue
      waiting.delete(waiter)
      waiter.resolve()
    }
  }
  child.stdout.on('data', (chunk) => ((stdout += String(chunk)), check()))
  child.stderr.on('data', (chunk) => ((stderr += String(chunk)), check()))
  if (options.stdin !== undefined) child.stdin.write(options.stdin)
  if (options.keepStdin !== true) child.stdin.end()
  const ended = new Promise<Called>((resolve) => {
    child.on('close', (code) => {
      for (const waiter of waiting) waiter.reject(new Error(`ended (${code}) without saying "${waiter.text}"\n${stdout}\n${stderr}`))
      resolve({ code: code ?? -1, stdout, stderr })
    })
  })
  const says = (text: string): Promise<void> => new Promise((resolve, reject) => (waiting.add({ text, resolve, reject }), check()))
  return { child, stdout: () => stdout, stderr: () => stderr, ended, says }
}

export function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'nightshift-cli-'))
}

export function removeFolder(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true })
}
