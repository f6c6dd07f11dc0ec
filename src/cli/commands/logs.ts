import { AppError } from '#base/errors.ts'
import { nearest } from '#base/nearest.ts'
import type { CallInput } from '#contract/endpoints.ts'
import type { LogLine } from '#contract/model.ts'
import { type AppFlags, appAliases, appFlags, command, numberFlag, proposeInstances, proposeServices, switchFlag, textFlag } from '../command.ts'
import type { Cli, Server } from '../context.ts'
import { UsageError } from '../errors.ts'
import { follow, lostLine } from '../follow.ts'
import { logFormatter } from '../log-lines.ts'
import { parsePoint } from '../since.ts'
import { checkNamedApp } from '../named-app.ts'

const levels = ['debug', 'info', 'warn', 'error'] as const

type Flags = AppFlags & {
  follow: boolean
  instance: string | undefined
  service: string | undefined
  since: Date | undefined
  until: Date | undefined
  level: (typeof levels)[number] | undefined
  grep: string | undefined
  stream: string | undefined
  number: number | undefined
  all: boolean
  long: boolean
}
type Query = NonNullable<CallInput<'logs.list'>['query']>

/** The API's own page. */
const pageLines = 1000
/** Where `--since` without `-n` stops, so that a slip doesn't print a week. */
const mostLines = 20_000

export const logs = command({
  parameters: {
    flags: {
      follow: switchFlag('Go on with new lines as they arrive'),
      instance: { kind: 'parsed', parse: String, optional: true, placeholder: 'NAME', brief: 'Only this instance, such as web.1', proposeCompletions: proposeInstances },
      service: { kind: 'parsed', parse: String, optional: true, placeholder: 'NAME', brief: 'Only this service', proposeCompletions: proposeServices },
      since: { kind: 'parsed', parse: parsePoint, optional: true, placeholder: 'TIME', brief: 'From then on: 30m, 2h, 1d ago, or 2026-03-29T02:30' },
      until: { kind: 'parsed', parse: parsePoint, optional: true, placeholder: 'TIME', brief: 'Up to then' },
      level: { kind: 'enum', values: levels, optional: true, brief: 'This level and worse' },
      grep: textFlag('TEXT', 'Only lines that hold this text, in any case'),
      stream: textFlag('NAMES', 'Comma-separated: stdout, stderr, build, release, run, access, system'),
      number: numberFlag('N', 'How many lines of the past; default 100, or all since --since', { min: 0, max: mostLines }),
      all: switchFlag('Of all apps'),
      long: { kind: 'boolean', default: false, withNegated: false, brief: 'Exact times and releases' },
      ...appFlags,
    },
    aliases: { ...appAliases, f: 'follow', i: 'instance', s: 'service', n: 'number', l: 'long' },
  },
  about: 'One timeline per service: lines of every instance, past and present, whatever became of it. With --json, one line of the API a line.',
  examples: ['logs -f', 'logs -i web.1 --since 1h', 'logs -s worker --level warn --grep timeout', 'logs --all -f'],
  async run(cli: Cli, flags: Flags) {
    if (flags.since !== undefined && flags.until !== undefined && flags.since >= flags.until) throw new UsageError('--since is not before --until, so nothing lies between them (such as --since 2h --until 1h)')
    const scope = flags.all ? { ...(await cli.connect(flags)), query: {} } : await ofApp(cli, flags)
    const query: Query = {
      ...scope.query,
      ...(flags.instance === undefined ? {} : { instance: flags.instance }),
      ...(flags.service === undefined ? {} : { service: flags.service }),
      ...(flags.level === undefined ? {} : { level: flags.level }),
      ...(flags.grep === undefined ? {} : { text: flags.grep }),
      ...(flags.stream === undefined ? {} : { streams: flags.stream }),
    }
    const format = logFormatter({ paint: cli.out.paint, colour: cli.out.colour, long: flags.long, now: cli.now() })
    const print = (line: LogLine): void => {
      if (flags.json) cli.out.jsonLine(line)
      else cli.out.line(flags.all ? `${line.app} ${format(line)}` : format(line))
    }
    const last = await printPast(cli, scope, query, flags, print)
    if (last === undefined) await checkNames(scope, flags)
    if (last === undefined && !flags.follow) cli.out.note('no lines')
    if (flags.follow) await printNew(cli, scope, query, last, print)
  },
})

/** No line was found: the app, service or instance may be a slip of the fingers. One that is gone has lines, so that it does not come here. */
async function checkNames({ client, query: { app, environment } }: Server & { query: Query }, { service, instance }: Flags): Promise<void> {
  if (app === undefined) return
  if (service === undefined && instance === undefined) return checkNamedApp(client, app)
  const detail = await client.call('apps.read', { params: { app }, query: environment === undefined ? {} : { environment } })
  const services = detail.services.map(({ name }) => name)
  const named = service ?? instance?.replace(/\.\d+$/, '') ?? ''
  if (!services.includes(named) && !['release', 'run', 'build', 'web'].includes(named)) throw unknown(app, 'service', named, services)
  const instances = detail.services.flatMap((each) => each.instances.map(({ name }) => name))
  if (instance !== undefined && services.includes(named) && !instances.includes(instance)) throw unknown(app, 'instance', instance, instances)
}

function unknown(app: string, what: string, name: string, known: string[]): AppError {
  const meant = nearest(name, known)
  return new AppError('not-found', `there are no lines of it, and ${app} has no ${what} "${name}"${meant === undefined ? '' : ` (did you mean ${meant}?)`}; it has ${known.join(', ') || 'none'}`)
}

async function ofApp(cli: Cli, flags: Flags): Promise<Server & { query: Query }> {
  const target = await cli.target(flags)
  return { ...target, query: { app: target.app, environment: target.environment } }
}

/** Prints the past, oldest first, and answers the last cursor. */
async function printPast(cli: Cli, { client }: Server, query: Query, flags: Flags, print: (line: LogLine) => void): Promise<string | undefined> {
  const wanted = flags.number ?? (flags.since === undefined ? 100 : mostLines)
  const range = { ...(flags.since === undefined ? {} : { since: flags.since.toISOString() }), ...(flags.until === undefined ? {} : { until: flags.until.toISOString() }) }
  const pages: LogLine[][] = []
  let count = 0
  let before: string | undefined
  while (count < wanted) {
    const limit = Math.min(pageLines, wanted - count)
    // A page may hold few lines, or none, because its search ran out of time: `next` goes on from there.
    const { lines, next } = await client.call('logs.list', { query: { ...query, ...range, limit, ...(before === undefined ? {} : { before }) } })
    if (lines.length > 0) pages.unshift(lines)
    count += lines.length
    if (next === null) break
    before = next
  }
  if (count >= mostLines && flags.number === undefined) cli.out.note(`only the last ${mostLines} lines; narrow it with --since or --until`)
  for (const page of pages) for (const line of page) print(line)
  return pages.at(-1)?.at(-1)?.cursor
}

async function printNew(cli: Cli, { client }: Server, query: Query, after: string | undefined, print: (line: LogLine) => void): Promise<void> {
  let cursor = after
  const onLost = (): void => cli.out.note(lostLine)
  // A stream that broke before its first line goes on after the last line of the past.
  const resume = (): { query: Query } => ({ query: { ...query, ...(cursor === undefined ? {} : { after: cursor }) } })
  for await (const line of follow(client, 'logs.stream', resume(), { onLost, resume })) {
    cursor = line.cursor
    print(line)
  }
}
