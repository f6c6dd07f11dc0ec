import { nearest } from '#base/nearest.ts'
import { eventKinds } from '#contract/events.ts'
import type { JournalEvent } from '#contract/model.ts'
import { type AppFlags, appAliases, appFlags, command, longFlag, numberFlag, switchFlag } from '../command.ts'
import type { Cli } from '../context.ts'
import { UsageError } from '../errors.ts'
import { follow, lostLine } from '../follow.ts'
import { harmless } from '../output.ts'
import { parsePoint } from '../since.ts'
import { localClock, localDay, localTime } from '../times.ts'
import { checkNamedApp } from '../named-app.ts'

type Flags = AppFlags & { follow: boolean; since: Date | undefined; number: number | undefined; kind: string | undefined; all: boolean; long: boolean }

function eventKind(text: string): string {
  const kinds: readonly string[] = eventKinds
  if (kinds.includes(text)) return text
  const meant = nearest(text, kinds) ?? kinds.find((kind) => kind.startsWith(`${text}.`))
  throw new UsageError(`there is no kind of event "${text}" (${meant === undefined ? `one of ${kinds.join(', ')}` : `did you mean ${meant}?`})`)
}

export const events = command({
  parameters: {
    flags: {
      follow: switchFlag('Go on with new events as they happen'),
      number: numberFlag('N', 'How many of the past; default 30', { min: 0, max: 1000 }),
      since: { kind: 'parsed', parse: parsePoint, optional: true, placeholder: 'TIME', brief: 'From then on: 30m, 2h, 1d ago, or 2026-03-29T02:30' },
      kind: { kind: 'parsed', parse: eventKind, optional: true, placeholder: 'KIND', brief: 'Only this kind, such as instance.exited' },
      all: switchFlag('Of all apps, also where the folder names one'),
      long: longFlag,
      ...appFlags,
    },
    aliases: { ...appAliases, f: 'follow', n: 'number', l: 'long' },
  },
  about: 'Newest last. Of one app where one is chosen, else of everything. With --json, one event a line.',
  examples: ['events', 'events -f --all', 'events --since 2h -n 200', 'events --kind release.activated'],
  async run(cli: Cli, flags: Flags) {
    const chosen = flags.all ? undefined : await cli.appChoice(flags)
    const { client } = await cli.connect(flags)
    const query = { ...(chosen === undefined ? {} : { app: chosen.app }), ...(flags.env === undefined ? {} : { environment: flags.env }) }
    const count = flags.number ?? 30
    const past = count === 0 ? [] : await client.call('events.list', { query: { ...query, limit: count, ...(flags.since === undefined ? {} : { since: flags.since.toISOString() }), ...(flags.kind === undefined ? {} : { kind: flags.kind }) } })
    for (const event of past.toReversed()) print(cli, event, flags, chosen === undefined)
    if (past.length === 0) await checkNamedApp(client, chosen?.app)
    if (past.length === 0 && !flags.follow) cli.out.note('no events')
    if (!flags.follow) return
    let last = past[0]?.id
    const input = (): { query: typeof query & { after?: number } } => ({ query: { ...query, ...(last === undefined ? {} : { after: last }) } })
    for await (const event of follow(client, 'events.stream', input(), { onLost: () => cli.out.note(lostLine), resume: input })) {
      last = event.id
      if (flags.kind === undefined || event.kind === flags.kind) print(cli, event, flags, chosen === undefined)
    }
  },
})

function print({ out, now }: Pick<Cli, 'out' | 'now'>, event: JournalEvent, flags: Flags, withApp: boolean): void {
  if (flags.json) return out.jsonLine(event)
  const at = new Date(event.at)
  const day = localDay(at)
  const time = flags.long ? localTime(event.at) : day === localDay(now()) ? localClock(at) : `${day} ${localClock(at)}`
  const app = withApp && event.app !== null ? `${event.app}${event.environment === null || event.environment === 'production' ? '' : `/${event.environment}`} ` : ''
  const bad = /\.(failed|exited|held|unhealthy|lost|vanished|refused)$/.test(event.kind)
  const who = flags.long ? ` ${out.paint('dim', `#${event.id} by ${event.actor.kind} ${harmless(event.actor.name)}${event.cause === null ? '' : `, after #${event.cause}`}`)}` : ''
  out.line(`${out.paint('dim', time)}  ${out.paint(bad ? 'red' : 'cyan', event.kind.padEnd(18))}  ${app}${harmless(event.summary)}${who}`)
}
