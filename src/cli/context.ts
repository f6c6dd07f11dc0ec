/**
 * What a running command has at hand: the outside world (`io`), its voice (`out`), the server and app it speaks of. One per
 * invocation; commands keep nothing else.
 */
import type { CommandContext } from '@stricli/core'
import { AppError, isAppError } from '#base/errors.ts'
import { type Client, createClient } from '#contract/client.ts'
import { type AppChoice, chooseApp, chooseEnvironment } from './app-choice.ts'
import type { AppFlags, ServerFlags } from './command.ts'
import { reportError } from './errors.ts'
import { httpFetch } from './http-fetch.ts'
import { type Io, Output } from './output.ts'
import { type ServerChoice, chooseServer } from './server-choice.ts'

export type Server = ServerChoice & { client: Client }
export type Target = Server & { app: string; environment: string }

/** What completion may wait for an answer of the server, in milliseconds. */
const proposeMs = 800

export class Cli implements CommandContext {
  readonly io: Io
  readonly out: Output
  /** What stricli writes to; it sees neither colours nor our exit code. */
  readonly process: { stdout: { write(text: string): void }; stderr: { write(text: string): void }; exitCode?: number | string | null }
  exitCode = 0
  /** Words of the command line before the one being completed. */
  readonly words: readonly string[]

  constructor(io: Io, words: readonly string[]) {
    this.io = io
    this.out = new Output(io)
    this.words = words
    this.process = { stdout: { write: (text) => void io.stdout.write(text) }, stderr: { write: (text) => void io.stderr.write(text) } }
  }

  now(): Date {
    return new Date()
  }

  /** Runs a command to its exit code, whatever happens in it. */
  async finish(run: () => Promise<number | void>): Promise<void> {
    try {
      this.exitCode = (await run()) ?? 0
    } catch (error) {
      this.exitCode = reportError(this.out, error)
    }
  }

  async connect(flags: Pick<ServerFlags, 'url' | 'token' | 'home'>): Promise<Server> {
    const choice = await chooseServer(flags, this.io.env)
    return { ...choice, client: createClient({ baseUrl: choice.url, token: choice.token ?? '', fetch: httpFetch }) }
  }

  /** The server, the app and the environment that the flags and the folder name; throws with the ways to name one. */
  async target(flags: Omit<AppFlags, 'json'>, folder = this.io.cwd): Promise<Target> {
    const choice = await this.appChoice(flags, folder)
    if (choice === undefined) throw noApp()
    return { ...(await this.connect(flags)), app: choice.app, environment: chooseEnvironment(flags.env, this.io.env) }
  }

  appChoice(flags: Pick<AppFlags, 'app'>, folder = this.io.cwd): Promise<AppChoice | undefined> {
    return chooseApp(flags.app, this.io.env, folder)
  }

  /** Candidates for completion: whatever goes wrong, or takes too long, there are none. */
  async propose(ask: (server: Server) => Promise<string[]>): Promise<string[]> {
    try {
      return await within(proposeMs, this.connect(this.flagsOf()).then(ask))
    } catch {
      return []
    }
  }

  async proposeForApp(ask: (target: Target) => Promise<string[]>): Promise<string[]> {
    try {
      return await within(proposeMs, this.target(this.flagsOf()).then(ask))
    } catch {
      return []
    }
  }

  /** The shared flags as far as they stand on an unfinished command line. */
  private flagsOf(): Omit<AppFlags, 'json'> {
    const valueOf = (...names: string[]): string | undefined => {
      for (const [index, word] of this.words.entries()) {
        for (const name of names) {
          if (word === name) return this.words[index + 1]
          if (word.startsWith(`${name}=`)) return word.slice(name.length + 1)
        }
      }
      return undefined
    }
    return { app: valueOf('--app', '-a'), env: valueOf('--env', '-e'), url: valueOf('--url'), token: valueOf('--token'), home: valueOf('--home') }
  }
}

export function noApp(): AppError {
  return new AppError('invalid', 'which app? (name it with --app NAME or NIGHTSHIFT_APP, or call this in a folder with a nightshift.yml that has a name, or link this folder: nightshift apps link NAME)')
}

/** Whether the app or its environment is simply not there. */
export async function orMissing<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call
  } catch (error) {
    if (isAppError(error, 'not-found')) return undefined
    throw error
  }
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('too late')), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
