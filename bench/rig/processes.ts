/** What the kernel says of a process and its children. Linux only: the numbers come from /proc. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, readdirSync } from 'node:fs'

/** Of a process or a whole tree; in MiB. Shared pages count once in `pss`, in each process in `rss`. */
export type Memory = { rss: number; pss: number; peak: number }

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

/** The process and all below it, those that live. */
export function treeOf(root: number): number[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const parent = Number(statFields(Number(name))?.[1])
    if (Number.isNaN(parent)) continue
    const list = children.get(parent) ?? []
    list.push(Number(name))
    children.set(parent, list)
  }
  const found = [root]
  for (const pid of found) found.push(...(children.get(pid) ?? []))
  return found.filter((pid) => statFields(pid) !== null)
}

/** From the state on, which is field 3 of proc_pid_stat(5); the name before it may hold anything. */
function statFields(pid: number): string[] | null {
  const text = readOr(`/proc/${pid}/stat`)
  return text === '' ? null : text.slice(text.lastIndexOf(')') + 2).split(' ')
}

/** User and system time that the process has used, or the tree below it too, in seconds. */
export function cpuSeconds(root: number, withChildren = true): number {
  let ticks = 0
  for (const pid of withChildren ? treeOf(root) : [root]) {
    const fields = statFields(pid)
    if (fields !== null) ticks += Number(fields[11]) + Number(fields[12])
  }
  return ticks / ticksPerSecond
}

export function memoryOf(root: number, withChildren = true): Memory {
  const sum: Memory = { rss: 0, pss: 0, peak: 0 }
  for (const pid of withChildren ? treeOf(root) : [root]) {
    const rollup = readOr(`/proc/${pid}/smaps_rollup`)
    sum.rss += kibibytes(rollup, 'Rss') / 1024
    sum.pss += kibibytes(rollup, 'Pss') / 1024
    sum.peak += kibibytes(readOr(`/proc/${pid}/status`), 'VmHWM') / 1024
  }
  return sum
}

function kibibytes(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0)
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // it ended, or is another's
  }
}

export type Started = { pid: number; stop(): Promise<void> }

/** Starts a program on the given cores; its words are in the error when it ends by itself. */
export function startPinned(cores: string, argv: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): Started {
  const child = spawn('taskset', ['-c', cores, ...argv], { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  let words = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (words = (words + chunk.toString()).slice(-4000)))
  let stopping = false
  child.on('error', (error) => (words += error.message))
  child.on('exit', (code, signal) => {
    if (!stopping) process.stderr.write(`${argv[0]} ended by itself (${signal ?? code}): ${words}\n`)
  })
  return {
    pid: child.pid ?? 0,
    async stop() {
      stopping = true
      await ended(child)
    },
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const over = once(child, 'exit')
  child.kill('SIGTERM')
  const late = setTimeout(() => child.kill('SIGKILL'), 5000)
  await over
  clearTimeout(late)
}
