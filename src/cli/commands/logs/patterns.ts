import { command, numberFlag, textFlag } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { table } from '../../table.ts'
import { when } from '../../times.ts'
import { type QuestionFlags, ask, questionAliases, questionArguments, questionFlags, questionUsage } from '../../log-question.ts'

type Flags = QuestionFlags & { newSince: string | undefined; number: number | undefined }

export const logsPatterns = command({
  parameters: {
    flags: { newSince: textFlag('RELEASE', 'Only what no release before this one wrote: v12'), number: numberFlag('N', 'How many patterns; default 30', { min: 1, max: 500 }), ...questionFlags },
    aliases: { ...questionAliases, n: 'number' },
    positional: questionArguments,
  },
  usage: questionUsage,
  about: 'Lines that differ only in numbers, ids, addresses, times and quoted texts are one pattern. Of the last hour, unless --since says otherwise; with --new-since, of all that is kept.',
  examples: ["logs patterns shop 'level>=warn'", 'logs patterns shop --new-since v12', 'logs patterns -s worker --since 1d'],
  async run(cli: Cli, flags: Flags, ...words: string[]) {
    const { client, query, range } = await ask(cli, flags, words)
    const found = await client.call('logs.patterns', { query: { ...query, ...range, limit: flags.number ?? 30, ...(flags.newSince === undefined ? {} : { newSince: flags.newSince }) } })
    if (flags.json) return cli.out.json(found)
    table(cli.out, found.patterns, [
      { title: 'lines', value: ({ count }) => count, align: 'right' },
      { title: 'level', value: ({ levels }) => (levels.error > 0 ? 'error' : levels.warn > 0 ? 'warn' : ''), style: ({ levels }) => (levels.error > 0 ? 'red' : 'yellow') },
      { title: 'last', value: ({ lastAt }) => when(lastAt, cli.now()) },
      { title: 'pattern', value: ({ pattern }) => pattern },
    ])
    if (found.patterns.length === 0) cli.out.note(flags.newSince === undefined || found.lines === 0 ? 'no lines' : `nothing new: every pattern of ${found.lines} lines was there before ${flags.newSince}`)
    else if (flags.newSince !== undefined) cli.out.note(`of ${found.lines} lines, compared with ${found.compared} of earlier releases`)
    if (found.partial) cli.out.note('not all lines were looked through; narrow it with --since, --until or a search')
  },
})
