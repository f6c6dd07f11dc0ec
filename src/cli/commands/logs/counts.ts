import { command } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { type QuestionFlags, ask, questionAliases, questionArguments, questionFlags, questionUsage } from '../../log-question.ts'
import { table } from '../../table.ts'
import { localTime } from '../../times.ts'

const steps = 30
const barWidth = 30

export const logsCounts = command({
  parameters: { flags: questionFlags, aliases: questionAliases, positional: questionArguments },
  usage: questionUsage,
  about: 'In about thirty steps of the last hour, or of --since and --until.',
  examples: ["logs counts shop 'level>=warn' --since 1d"],
  async run(cli: Cli, flags: QuestionFlags, ...words: string[]) {
    const { client, query, range } = await ask(cli, flags, words)
    const found = await client.call('logs.counts', { query: { ...query, ...range, steps } })
    if (flags.json) return cli.out.json(found)
    const rows = found.counts.map(({ at, unknown, debug, info, warn, error }) => ({ at, lines: unknown + debug + info + warn + error, warn, error }))
    const most = Math.max(1, ...rows.map(({ lines }) => lines))
    table(cli.out, rows, [
      { title: 'from', value: ({ at }) => localTime(at) },
      { title: 'lines', value: ({ lines }) => lines, align: 'right' },
      { title: 'warn', value: ({ warn }) => warn || '', align: 'right', style: () => 'yellow' },
      { title: 'error', value: ({ error }) => error || '', align: 'right', style: () => 'red' },
      { title: '', value: ({ lines }) => '█'.repeat(Math.ceil((lines / most) * barWidth)) },
    ])
    if (rows.length === 0) cli.out.note('no lines')
    if (found.partialBefore !== null) cli.out.note(`counted back to ${localTime(found.partialBefore)} only, then the time was over; narrow it with --since or --service`)
  },
})
