import type { AppWhy, Why } from '#contract/healing.ts'
import { type AppFlags, appAliases, appFlags, command, optionalArgument } from '../command.ts'
import { type Cli, type Target, orMissing } from '../context.ts'
import { UsageError } from '../errors.ts'
import { harmless } from '../output.ts'
import { localClock, when } from '../times.ts'
import { stateStyle } from '../words.ts'

export const why = command({
  parameters: { positional: { kind: 'tuple', parameters: [optionalArgument('OF', 'A service or an app: web, shop/web, or shop; default the chosen app')] }, flags: appFlags, aliases: appAliases },
  about: 'The state in a sentence, what is waited for, what was tried, which instances ended in the last hour and how they came back, what changed last, and what to type next. Of an app: each service in a sentence, and the one that most needs a look in full.',
  examples: ['why shop', 'why shop/web', 'why web -a shop'],
  async run(cli: Cli, flags: AppFlags, name: string | undefined) {
    const { target, service } = await targetOf(cli, flags, name)
    const of = { params: { app: target.app }, query: { environment: target.environment } }
    if (service === undefined) {
      const answer = await target.client.call('why.app', of)
      return flags.json ? cli.out.json(answer) : sayApp(cli, answer)
    }
    const answer = await target.client.call('why.read', { ...of, params: { ...of.params, service } })
    return flags.json ? cli.out.json(answer) : sayService(cli, answer)
  },
})

/** A lone word is a service of the app that is chosen, else an app. */
async function targetOf(cli: Cli, flags: AppFlags, name: string | undefined): Promise<{ target: Target; service?: string }> {
  if (name === undefined) return { target: await cli.target(flags) }
  const [first = '', second, ...more] = name.split('/')
  if (first === '' || second === '' || more.length > 0) throw new UsageError(`"${name}" is neither an app nor a service; write shop, web, or shop/web`)
  if (second !== undefined) return { target: await cli.target({ ...flags, app: first }), service: second }
  const asApp = await cli.target({ ...flags, app: first })
  if ((await cli.appChoice(flags)) === undefined) return { target: asApp }
  const chosen = await cli.target(flags)
  const read = ({ client, app, environment }: Target) => orMissing(client.call('apps.read', { params: { app }, query: { environment } }))
  const isService = (await read(chosen))?.services.some((one) => one.name === first) ?? false
  return !isService && (await read(asApp)) !== undefined ? { target: asApp } : { target: chosen, service: first }
}

function sayApp(cli: Cli, answer: AppWhy): void {
  const { out } = cli
  const [only] = answer.services
  // its one service says all there is to say
  if (only === undefined || answer.services.length > 1 || answer.wayOut.length > 0) out.line(harmless(answer.sentence))
  if (answer.services.length > 1) for (const { health, sentence } of answer.services) out.line(`${out.paint(stateStyle(health), '·')} ${harmless(sentence)}`)
  if (answer.worst !== null) {
    if (answer.services.length > 1) out.line()
    sayService(cli, answer.worst)
  }
  section(cli, 'next', answer.wayOut.filter((text) => answer.worst?.wayOut.includes(text) !== true))
}

function sayService(cli: Cli, answer: Why): void {
  const now = cli.now()
  cli.out.line(harmless(answer.sentence))
  section(cli, 'waits for', answer.waiting)
  section(cli, 'tried', answer.tried.map((one) => `${when(one.at, now)}: ${one.what} (${one.outcome})`))
  section(cli, 'instances', answer.instances.map((one) => `${one.name} ${one.state}: ${one.because}`))
  section(cli, 'last hour', answer.ends.map((one) => `${one.sentence} (known from ${one.knownFrom})`))
  section(cli, 'changed', answer.changes.map((event) => `${when(event.at, now)}: ${event.summary}`))
  section(cli, 'log', answer.lines.map((line) => `${localClock(new Date(line.at))} ${line.instance}  ${line.text}`))
  section(cli, 'next', answer.wayOut)
}

function section({ out }: Cli, title: string, lines: readonly string[]): void {
  for (const [nth, line] of lines.entries()) out.line(`${out.paint('dim', (nth === 0 ? title : '').padEnd(9))}  ${harmless(line)}`)
}
