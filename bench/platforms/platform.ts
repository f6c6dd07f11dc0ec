import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Program, sourceOf } from './program.ts'

export const strikes = ['kill', 'freeze', 'hang', 'restart'] as const
/**
 * What is done to one of the processes: SIGKILL; SIGSTOP; its own code stops answering; or (to all, in the platform's own
 * gentle way) a restart that an operator asks for.
 */
export type Strike = (typeof strikes)[number]

export type Release = {
  program: Program
  /** What must succeed before it serves, for the shell. */
  command?: string
  /** Of `deploy:` in a manifest; only ours has more than one. */
  strategy?: string
  /** It deserves to serve; a platform that judges releases is given the time to say otherwise where it does not. */
  isGood: boolean
}

export type Running = AsyncDisposable & {
  url: string
  strike(how: Strike): Promise<void>
  /** Puts the release in the place of what serves, in the platform's usual way. Resolves when that is over, with what it says of it. */
  deploy(release: Release): Promise<string>
  /** What the platform itself knows of its processes, cheap to ask; null: it cannot say. It has noticed something when this changes. */
  state(): Promise<string | null>
  /** All that its processes have written, of this start. */
  lines(): Promise<string[]>
}

export type Platform = {
  name: string
  /** Programs on the PATH without which it cannot take part. */
  programs: readonly string[]
  docker: boolean
  /** How long its own cure of a frozen process may take; one that has none is not waited for. */
  cureSeconds: number
  /** Its releases are compared with the one before, which must have served for so long. */
  compareSeconds: number
  /** It knows more ways of replacing a release than one after the other. */
  hasStrategies: boolean
  /** Resolves when `count` processes of the release serve. `folder` is its own and empty. */
  start(folder: string, count: number, release: Release): Promise<Running>
}

export const goodRelease = (words: string): Release => ({ program: { words }, isGood: true })

/** All get the same memory, so that a leak ends somewhere. */
export const memoryMB = 128
/** As long as a new process may take to answer its health path. */
export const startupSeconds = 10

export function writeProgram(folder: string, release: Release): string {
  const file = join(folder, 'server.js')
  writeFileSync(file, sourceOf(release.program))
  return file
}

export function signalTo(pid: number, how: 'kill' | 'freeze'): void {
  if (!(pid > 1)) throw new Error(`there is no process ${pid} to strike`)
  process.kill(pid, how === 'kill' ? 'SIGKILL' : 'SIGSTOP')
}

/** Makes the process there hang; it never answers this either. */
export async function hang(address: string): Promise<void> {
  await fetch(`http://${address}/hang`, { signal: AbortSignal.timeout(200) }).catch(() => {})
}
