/** Carries out the steps of a plan, with everything they print in the log. A step that fails ends the build, named. */
import { execFile, spawn } from 'node:child_process'
import { cp, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { AppError } from '#base/errors.ts'
import { LineSplitter } from '#base/lines.ts'
import { formatDuration } from '#base/units.ts'
import { relocateVenv } from '../builders/python/relocate.ts'
import type { Step } from '../builders/types.ts'
import type { WorkerLog } from './log.ts'

const run = promisify(execFile)

export type StepContext = {
  log: WorkerLog
  env: Record<string, string>
  cache: string
  /** Aborts when the build is cancelled or out of time. */
  signal: AbortSignal
  /** Called with what is about to happen, so that a failure can name it. */
  onStep(title: string): void
}

export async function runSteps(steps: readonly Step[], context: StepContext): Promise<void> {
  for (const step of steps) {
    context.signal.throwIfAborted()
    await runStep(step, context)
  }
}

async function runStep(step: Step, context: StepContext): Promise<void> {
  const { log, cache } = context
  switch (step.kind) {
    case 'say':
      return log.line(`       ${step.text}`)
    case 'run':
      context.onStep(step.title)
      log.step(step.title)
      return runProgram(step, context)
    case 'write':
      await mkdir(dirname(step.path), { recursive: true })
      return writeFile(step.path, step.content, { mode: step.executable === true ? 0o755 : 0o644 })
    case 'remove':
      return rm(step.path, { recursive: true, force: true })
    case 'relocate-venv':
      await relocateVenv(step.venv, step.builtAt)
      return
    case 'save':
      return save(join(cache, 'kept'), step.key, step.from)
    case 'restore': {
      const kept = join(cache, 'kept', step.key)
      if (!(await exists(kept))) return runSteps(step.instead, context)
      context.onStep(step.title)
      log.step(step.title)
      return copyTree(kept, step.to)
    }
  }
}

/** One copy a kind: `node-modules-<hash>` replaces the other `node-modules-…`. A copy that was not finished is never seen. */
async function save(dir: string, key: string, from: string): Promise<void> {
  if (!(await exists(from))) return
  await mkdir(dir, { recursive: true })
  const kind = key.slice(0, key.lastIndexOf('-') + 1)
  for (const name of await readdir(dir)) if (name.startsWith(kind) || name.startsWith('.')) await rm(join(dir, name), { recursive: true, force: true })
  const unfinished = join(dir, `.${key}`)
  await copyTree(from, unfinished)
  await rename(unfinished, join(dir, key))
}

/** By cp(1), which is several times faster than node over thousands of small files, and shares blocks where the file system can. */
async function copyTree(from: string, to: string): Promise<void> {
  await run('cp', ['--archive', '--reflink=auto', '--', from, to]).catch(async () => {
    await rm(to, { recursive: true, force: true })
    await cp(from, to, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true }) // a cp without these options
  })
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(() => true, () => false)
}

async function runProgram(step: Extract<Step, { kind: 'run' }>, { log, env, signal }: StepContext): Promise<void> {
  const started = performance.now()
  const [file, ...args] = step.argv as [string, ...string[]]
  const child = spawn(file, args, { cwd: step.cwd, env: { ...env, ...step.env }, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  const stop = () => {
    if (child.pid !== undefined) killGroup(child.pid)
  }
  signal.addEventListener('abort', stop, { once: true })
  for (const output of [child.stdout, child.stderr]) {
    const splitter = new LineSplitter()
    output.on('data', (chunk: Buffer) => splitter.push(chunk).forEach((text) => log.line(`       ${text}`)))
    output.on('end', () => splitter.end().forEach((text) => log.line(`       ${text}`)))
  }
  const { code, killedBy } = await new Promise<{ code: number | null; killedBy: string | null }>((resolve, reject) => {
    child.on('error', (cause) => reject(new AppError('invalid', `${step.title}: ${file} does not start: ${cause.message}`, { cause })))
    let ended: { code: number | null; killedBy: string | null } | undefined
    child.on('exit', (exitCode, exitSignal) => {
      ended = { code: exitCode, killedBy: exitSignal }
      // Something it left running may hold the pipes open for ever: what was printed by now counts.
      setTimeout(() => resolve(ended as NonNullable<typeof ended>), 500).unref()
    })
    child.on('close', (exitCode, exitSignal) => resolve(ended ?? { code: exitCode, killedBy: exitSignal }))
  }).finally(() => signal.removeEventListener('abort', stop))
  stop() // whatever it left running in its group
  signal.throwIfAborted()
  if (code !== 0) throw new AppError('invalid', `${step.title}: ${killedBy === null ? `it exited with ${code}` : `it was killed by ${killedBy}`} (its output is in the build log)`)
  const took = performance.now() - started
  if (took > 1000) log.line(`       done in ${formatDuration(took)}`)
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // the group is empty
  }
}
