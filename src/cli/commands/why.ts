import { type AppFlags, appAliases, appFlags, argument, command } from '../command.ts'
import type { Cli } from '../context.ts'
import { UsageError } from '../errors.ts'
import { harmless } from '../output.ts'
import { localClock, when } from '../times.ts'

export const why = command({
  parameters: { positional: { kind: 'tuple', parameters: [argument('SERVICE', 'A service: web, or shop/web')] }, flags: appFlags, aliases: appAliases },
  about: 'The state in a sentence, what is waited for, what was tried, what changed last, and what to type next.',
  examples: ['why shop/web', 'why web -a shop'],
  async run(cli: Cli, flags: AppFlags, name: string) {
    const parts = name.split('/')
    if (parts.length > 2 || parts.some((part) => part === '')) throw new UsageError(`"${name}" is not a service; write web, or shop/web`)
    const [service, named] = [parts.at(-1) as string, parts.length === 2 ? parts[0] : undefined]
    const { client, app, environment } = await cli.target(named === undefined ? flags : { ...flags, app: named })
    const answer = await client.call('why.read', { params: { app, service }, query: { environment } })
    if (flags.json) return cli.out.json(answer)
    const { out } = cli
    const now = cli.now()
    const section = (title: string, lines: readonly string[]) => {
      for (const [nth, line] of lines.entries()) out.line(`${out.paint('dim', (nth === 0 ? title : '').padEnd(9))}  ${harmless(line)}`)
    }
    out.line(harmless(answer.sentence))
    section('waits for', answer.waiting)
    section('tried', answer.tried.map((one) => `${when(one.at, now)}: ${one.what} (${one.outcome})`))
    section('instances', answer.instances.map((one) => `${one.name} ${one.state}: ${one.because}`))
    section('changed', answer.changes.map((event) => `${when(event.at, now)}: ${event.summary}`))
    section('log', answer.lines.map((line) => `${localClock(new Date(line.at))} ${line.instance}  ${line.text}`))
    section('next', answer.wayOut)
  },
})
