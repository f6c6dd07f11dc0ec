import { parseDuration } from '#base/units.ts'
import type { TraceSummary } from '#contract/traces.ts'
import { type AppFlags, appAliases, appFlags, command, numberFlag, switchFlag, textFlag, wholeNumber } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { checkNamedApp } from '../../named-app.ts'
import { harmless } from '../../output.ts'
import { parsePoint } from '../../since.ts'
import { table } from '../../table.ts'
import { when } from '../../times.ts'
import { milliseconds } from '../../words.ts'

type Flags = AppFlags & { service: string | undefined; operation: string | undefined; slower: number | undefined; errors: boolean; since: Date | undefined; number: number | undefined; all: boolean }

export const tracesList = command({
  parameters: {
    flags: {
      service: textFlag('SERVICE', 'Only those that it took part in'),
      operation: textFlag('WORDS', 'Only those whose first span is named so, in part'),
      slower: { kind: 'parsed', parse: (input: string) => (/[a-z]$/.test(input) ? parseDuration(input) : wholeNumber(input, { min: 0, max: 86_400_000 })), optional: true, placeholder: 'TIME', brief: 'Only those that took at least so long: 500 (milliseconds), 500ms, 2s' },
      errors: switchFlag('Only those with a failure'),
      since: { kind: 'parsed', parse: parsePoint, optional: true, placeholder: 'TIME', brief: 'From then on: 30m, 2h, 1d ago, or 2026-03-29T02:30; default 1h' },
      number: numberFlag('N', 'How many; default 50', { min: 1, max: 500 }),
      all: switchFlag('Of all apps, also where the folder names one'),
      ...appFlags,
    },
    aliases: { ...appAliases, s: 'service', n: 'number' },
  },
  about: 'Newest first. Kept are failures, what was slow, and a share of the others.',
  examples: ['traces', 'traces --errors --since 1d', 'traces -s api --slower 500'],
  async run(cli: Cli, flags: Flags) {
    const chosen = flags.all ? undefined : await cli.appChoice(flags)
    const { client } = await cli.connect(flags)
    const given = { app: chosen?.app, environment: flags.env, service: flags.service, operation: flags.operation, minMs: flags.slower }
    const named = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
    const answer = await client.call('traces.list', { query: { ...named, ...(flags.errors ? { errors: 'true' } : {}), since: (flags.since ?? new Date(cli.now().getTime() - 3_600_000)).toISOString(), limit: flags.number ?? 50 } })
    if (answer.traces.length === 0) await checkNamedApp(client, chosen?.app)
    if (flags.json) return cli.out.json(answer)
    if (answer.traces.length === 0) return cli.out.line(`No traces there${flags.since === undefined ? '; further back: --since 1d' : ''}`)
    const now = cli.now()
    table<TraceSummary>(cli.out, answer.traces, [
      { title: 'trace', value: (one) => one.traceId },
      { title: 'when', value: (one) => when(one.at, now) },
      { title: 'app', value: (one) => (chosen === undefined ? one.app : null) },
      { title: 'took', value: (one) => milliseconds(one.durationMs), align: 'right' },
      { title: 'spans', value: (one) => one.spans, align: 'right' },
      { title: 'errors', value: (one) => one.errors || null, align: 'right', style: () => 'red' },
      { title: 'service', value: (one) => one.service },
      { title: 'operation', value: (one) => harmless(one.operation) },
    ])
  },
})
