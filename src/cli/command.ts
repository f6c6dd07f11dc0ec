/**
 * What a file in `commands/` exports: its flags and arguments as data, and what it does. The one-line summary stands in
 * `tree.ts`, which lists every command and loads none of them.
 */
import { type Command, type TypedCommandParameters, buildCommand } from '@stricli/core'
import { parseDuration } from '#base/units.ts'
import type { Cli } from './context.ts'
import { UsageError } from './errors.ts'

type Flags = Readonly<Record<string, unknown>>

export type CliCommand = {
  stricli: Command<Cli>
  /** Paragraphs shown by `--help` and in the reference, below the summary. */
  about: string | undefined
  examples: readonly string[]
  /** Stands for the arguments in the usage line, where they aren't simply one after the other. */
  usage: string | undefined
  /** After this many arguments the rest is somebody else's command line: `run ls -la` needs no `--`. */
  passthrough: number | undefined
}

type Definition<F extends Flags, A extends readonly unknown[]> = {
  parameters: NoInfer<TypedCommandParameters<F, A, Cli>>
  about?: string
  /** Without the leading `nightshift`. */
  examples?: readonly string[]
  usage?: string
  passthrough?: number
  /** The exit code, if it isn't 0. Throws what went wrong. */
  run: (cli: Cli, flags: F, ...args: A) => Promise<number | void>
}

export function command<const F extends Flags, const A extends readonly unknown[] = []>(definition: Definition<F, A>): CliCommand {
  const { run } = definition
  return {
    stricli: buildCommand<F, A, Cli>({
      parameters: definition.parameters,
      docs: { brief: '' },
      async func(this: Cli, flags: F, ...args: A) {
        await this.finish(() => run(this, flags, ...args))
      },
    }) as Command<Cli>,
    about: definition.about,
    examples: definition.examples ?? [],
    usage: definition.usage,
    passthrough: definition.passthrough,
  }
}

// ---------------------------------------------------------------- flags that many commands share

export type ServerFlags = { url: string | undefined; token: string | undefined; home: string | undefined; json: boolean }
export type AppFlags = ServerFlags & { app: string | undefined; env: string | undefined }

const text = (input: string): string => input

export const serverFlags = {
  url: { kind: 'parsed', parse: text, optional: true, placeholder: 'URL', brief: 'Address of the API' },
  token: { kind: 'parsed', parse: text, optional: true, placeholder: 'TOKEN', brief: 'API token (others on this machine can read it here; NIGHTSHIFT_TOKEN is safer)' },
  home: { kind: 'parsed', parse: text, optional: true, placeholder: 'DIR', brief: 'Data folder of a Nightshift on this machine' },
  json: { kind: 'boolean', default: false, withNegated: false, brief: 'Print the raw API answer' },
} as const

export const appFlags = {
  app: { kind: 'parsed', parse: text, optional: true, placeholder: 'APP', brief: 'App; else NIGHTSHIFT_APP, nightshift.yml or .nightshift-app', proposeCompletions: proposeApps },
  env: { kind: 'parsed', parse: text, optional: true, placeholder: 'ENV', brief: 'Environment; default production' },
  ...serverFlags,
} as const

/** For commands whose output is somebody else's: it can't be JSON of ours. */
export type TerminalFlags = Omit<AppFlags, 'json'>
const { json: _json, ...withoutJson } = appFlags
export const terminalFlags = withoutJson

export const appAliases = { a: 'app', e: 'env' } as const

export const longFlag = { kind: 'boolean', default: false, withNegated: false, brief: 'Exact times and more columns' } as const

async function proposeApps(this: Cli): Promise<string[]> {
  return this.propose(async (server) => (await server.client.call('apps.list')).map((app) => app.name))
}

/** For an argument that names a service of the chosen app. */
export async function proposeServices(this: Cli): Promise<string[]> {
  return this.proposeForApp(async ({ client, app, environment }) => {
    const detail = await client.call('apps.read', { params: { app }, query: { environment } })
    return detail.services.map((service) => service.name)
  })
}

/** For an argument that names an instance of the chosen app. */
export async function proposeInstances(this: Cli): Promise<string[]> {
  return this.proposeForApp(async ({ client, app, environment }) => {
    const detail = await client.call('apps.read', { params: { app }, query: { environment } })
    return detail.services.flatMap((service) => service.instances.map((instance) => instance.name))
  })
}

/** For an argument that may be a service or an instance. */
export async function proposeServicesAndInstances(this: Cli): Promise<string[]> {
  return [...(await proposeServices.call(this)), ...(await proposeInstances.call(this))]
}

/** One plain argument. */
export function argument(placeholder: string, brief: string) {
  return { placeholder, brief, parse: text } as const
}

export function optionalArgument(placeholder: string, brief: string) {
  return { placeholder, brief, parse: text, optional: true } as const
}

/** Any number of plain arguments. */
export function argumentList(placeholder: string, brief: string, minimum = 0) {
  return { kind: 'array', parameter: { placeholder, brief, parse: text }, minimum } as const
}

export function textFlag(placeholder: string, brief: string) {
  return { kind: 'parsed', parse: text, optional: true, placeholder, brief } as const
}

/** A duration, told at once where it is none: `5m`. */
export function spanFlag(placeholder: string, brief: string) {
  return { kind: 'parsed', parse: durationText, optional: true, placeholder, brief } as const
}

function durationText(input: string): string {
  parseDuration(input)
  return input
}

export function switchFlag(brief: string) {
  return { kind: 'boolean', default: false, withNegated: false, brief } as const
}

/** For a deploy, which has a `--no-wait` too: optional, since the opposite of a switch that isn't is taken by the library. */
export const waitFlag = { kind: 'boolean', optional: true, withNegated: false, brief: 'Go on until the release is watched no longer; 1 when it was taken back' } as const

/** For a change that returns at once without it. */
export const changeWaitFlag = { kind: 'boolean', default: false, withNegated: false, brief: 'Follow the rollout, and go on until the release is watched no longer; 1 when it failed or was taken back' } as const

export function numberFlag(placeholder: string, brief: string, range: { min: number; max: number }) {
  return { kind: 'parsed', parse: (input: string) => wholeNumber(input, range), optional: true, placeholder, brief } as const
}

export function wholeNumber(input: string, { min, max }: { min: number; max: number }): number {
  const value = /^\d{1,9}$/.test(input) ? Number(input) : Number.NaN
  if (!(value >= min && value <= max)) throw new UsageError(`must be a whole number from ${min} to ${max}, not "${input}"`)
  return value
}

/** `['A=b', 'C=']` → {A: 'b', C: ''}. */
export function assignments(words: readonly string[], example: string): Record<string, string> {
  const pairs: Record<string, string> = {}
  for (const word of words) {
    const at = word.indexOf('=')
    if (at < 1) throw new UsageError(`"${word}" is not NAME=value (write: ${example})`)
    const name = word.slice(0, at)
    if (Object.hasOwn(pairs, name) && pairs[name] !== word.slice(at + 1)) throw new UsageError(`${name} is given twice, as "${pairs[name]}" and as "${word.slice(at + 1)}"`)
    pairs[name] = word.slice(at + 1)
  }
  return pairs
}
