import { AppError } from '#base/errors.ts'
import { nearest } from '#base/nearest.ts'
import type { CallInput } from '#contract/endpoints.ts'
import type { LogLine } from '#contract/model.ts'
import { command, numberFlag, switchFlag } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { follow, lostLine } from '../../follow.ts'
import { logFormatter } from '../../log-lines.ts'
import { checkNamedApp } from '../../named-app.ts'
import { type Asked, type QuestionFlags, ask, questionAliases, questionArguments, questionFlags, questionUsage } from '../../log-question.ts'

type Flags = QuestionFlags & { follow: boolean; number: number | undefined; long: boolean; raw: boolean }

/** The API's own page. */
const pageLines = 1000
/** Where `--since` without `-n` stops, so that a slip doesn't print a week. */
const mostLines = 20_000

export const logsShow = command({
  parameters: {
    flags: {
      follow: switchFlag('Go on with new lines as they arrive'),
      number: numberFlag('N', 'How many lines of the past; default 100, or all since --since', { min: 0, max: mostLines }),
      long: { kind: 'boolean', default: false, withNegated: false, brief: 'Exact times and releases' },
      raw: switchFlag('Lines as they were written: JSON as JSON'),
      ...questionFlags,
    },
    aliases: { ...questionAliases, f: 'follow', n: 'number', l: 'long' },
    positional: questionArguments,
  },
  usage: questionUsage,
  about: `One timeline per service: lines of every instance, past and present, whatever became of it. With --json, one line of the API a line.
A search: words, "phrases", field:value (app, service, instance, machine, release:v12, stream, trace, and fields of JSON lines: user.id:42, status:>=500, path:/api/*), level>=warn, -not, and, or, parentheses, /regex/i. See docs/logs.md. A search that begins with a dash comes after --.`,
  examples: ['logs -f', "logs shop 'level>=warn -healthcheck'", "logs shop 'status:>=500 path:/api/*' --since 1h", 'logs -i web.1 --since 1h', 'logs --all -f', 'logs --system -s control --level warn', 'logs --stream access -n 20', 'logs -- -healthcheck'],
  async run(cli: Cli, flags: Flags, ...words: string[]) {
    const asked = await ask(cli, flags, words)
    const format = logFormatter({ paint: cli.out.paint, colour: cli.out.colour, long: flags.long, raw: flags.raw, now: cli.now() })
    const print = (line: LogLine): void => {
      if (flags.json) cli.out.jsonLine(line)
      else cli.out.line(flags.all ? `${line.app} ${format(line)}` : format(line))
    }
    const printed = await printPast(cli, asked, flags, print)
    if (printed.length === 0 && !flags.system) await checkNames(asked, flags)
    if (printed.length === 0 && !flags.follow) cli.out.note('no lines')
    if (flags.follow) await printNew(cli, asked, printed, print)
  },
})

/** No line was found: the app, service or instance may be a slip of the fingers. One that is gone has lines, so that it does not come here. */
async function checkNames({ client, query: { app, environment } }: Asked, { service, instance }: Flags): Promise<void> {
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

/** Prints the past, oldest first, and answers its last page. */
async function printPast(cli: Cli, { client, query, range }: Asked, flags: Flags, print: (line: LogLine) => void): Promise<LogLine[]> {
  const wanted = flags.number ?? (flags.since === undefined ? 100 : mostLines)
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
  return pages.at(-1) ?? []
}

/**
 * Lines arrive as machines send them, a moment apart. They are held for so long and printed in the order of time, so that
 * what two instances say to each other reads as a conversation.
 */
const holdMs = 300

async function printNew(cli: Cli, { client, query }: Asked, past: readonly LogLine[], print: (line: LogLine) => void): Promise<void> {
  let cursor = past.at(-1)?.cursor
  const known = new Set(past.map((line) => line.cursor)) // the last in time need not be the last that arrived
  let held: LogLine[] = []
  let timer: NodeJS.Timeout | undefined
  const flush = (): void => {
    timer = undefined
    for (const line of held.sort((a, b) => (a.cursor < b.cursor ? -1 : 1))) print(line)
    held = []
  }
  const onLost = (): void => cli.out.note(lostLine)
  // A stream that broke before its first line goes on after the last line of the past.
  const resume = (): { query: NonNullable<CallInput<'logs.stream'>['query']> } => ({ query: { ...query, ...(cursor === undefined ? {} : { after: cursor }) } })
  try {
    for await (const line of follow(client, 'logs.stream', resume(), { onLost, resume })) {
      cursor = line.cursor
      if (known.has(line.cursor)) continue
      held.push(line)
      timer ??= setTimeout(flush, holdMs)
    }
  } finally {
    clearTimeout(timer)
    flush()
  }
}
