/** Which lines a command of `logs` speaks of: `[APP] [SEARCH…]`, and flags for what a search can say too. */
import type { CallInput } from '#contract/endpoints.ts'
import { appName } from '#contract/names.ts'
import { systemApp, systemEnvironment } from '#contract/system-logs.ts'
import { type AppFlags, appAliases, appFlags, argumentList, proposeInstances, proposeServices, switchFlag, textFlag } from './command.ts'
import type { Cli, Server } from './context.ts'
import { UsageError } from './errors.ts'
import { parsePoint } from './since.ts'

const levels = ['debug', 'info', 'warn', 'error'] as const

export type QuestionFlags = AppFlags & {
  instance: string | undefined
  service: string | undefined
  since: Date | undefined
  until: Date | undefined
  level: (typeof levels)[number] | undefined
  grep: string | undefined
  stream: string | undefined
  all: boolean
  system: boolean
}
export type Question = Pick<NonNullable<CallInput<'logs.list'>['query']>, 'q' | 'app' | 'environment' | 'service' | 'instance' | 'level' | 'text' | 'streams'>
export type Asked = Server & { query: Question; range: { since?: string; until?: string } }

export const questionFlags = {
  instance: { kind: 'parsed', parse: String, optional: true, placeholder: 'NAME', brief: 'Only this instance, such as web.1', proposeCompletions: proposeInstances },
  service: { kind: 'parsed', parse: String, optional: true, placeholder: 'NAME', brief: 'Only this service', proposeCompletions: proposeServices },
  since: { kind: 'parsed', parse: parsePoint, optional: true, placeholder: 'TIME', brief: 'From then on: 30m, 2h, 1d ago, or 2026-03-29T02:30' },
  until: { kind: 'parsed', parse: parsePoint, optional: true, placeholder: 'TIME', brief: 'Up to then' },
  level: { kind: 'enum', values: levels, optional: true, brief: 'This level and worse' },
  grep: textFlag('TEXT', 'Only lines that hold this text, in any case'),
  stream: textFlag('NAMES', 'Comma-separated: stdout, stderr, build, release, run, access, system'),
  all: switchFlag('Of all apps'),
  system: switchFlag('Of no app: what Nightshift itself says, machines, syslog that came in'),
  ...appFlags,
} as const

export const questionAliases = { ...appAliases, i: 'instance', s: 'service' } as const
export const questionArguments = argumentList('WORD', 'An app, then what to search: level>=warn -healthcheck "timed out"')
export const questionUsage = '[APP] [SEARCH...]'

export async function ask(cli: Cli, flags: QuestionFlags, words: readonly string[]): Promise<Asked> {
  if (flags.since !== undefined && flags.until !== undefined && flags.since >= flags.until) throw new UsageError('--since is not before --until, so nothing lies between them (such as --since 2h --until 1h)')
  if (flags.system && (flags.all || flags.app !== undefined)) throw new UsageError('--system is of no app: leave out --all and -a')
  const { app, search } = split(flags, words)
  const target = flags.all || flags.system ? { ...(await cli.connect(flags)), query: flags.system ? { app: systemApp, environment: systemEnvironment } : {} } : await ofApp(cli, app === undefined ? flags : { ...flags, app })
  const query: Question = {
    ...target.query,
    ...(search === '' ? {} : { q: search }),
    ...(flags.instance === undefined ? {} : { instance: flags.instance }),
    ...(flags.service === undefined ? {} : { service: flags.service }),
    ...(flags.level === undefined ? {} : { level: flags.level }),
    ...(flags.grep === undefined ? {} : { text: flags.grep }),
    ...(flags.stream === undefined ? {} : { streams: flags.stream }),
  }
  const range = { ...(flags.since === undefined ? {} : { since: flags.since.toISOString() }), ...(flags.until === undefined ? {} : { until: flags.until.toISOString() }) }
  return { ...target, query, range }
}

/** A first word that can be the name of an app is one, unless the app is said otherwise: what a call means must not hang on which apps there are. */
function split(flags: QuestionFlags, words: readonly string[]): { app: string | undefined; search: string } {
  const [first, ...rest] = words
  const named = first !== undefined && flags.app === undefined && !flags.all && !flags.system && appName.safeParse(first).success
  return named ? { app: first, search: rest.join(' ') } : { app: undefined, search: words.join(' ') }
}

async function ofApp(cli: Cli, flags: AppFlags): Promise<Server & { query: Question }> {
  const target = await cli.target(flags)
  return { ...target, query: { app: target.app, environment: target.environment } }
}
