import { command, numberFlag, optionalArgument, serverFlags, type ServerFlags, textFlag } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { UsageError } from '../../errors.ts'
import { readRuleFile } from '../../rule-file.ts'
import { printTrial } from '../../rule-words.ts'

type Flags = ServerFlags & { file: string | undefined; hours: number | undefined }

export const rulesTest = command({
  parameters: {
    positional: { kind: 'tuple', parameters: [optionalArgument('RULE', 'A rule of nightshift rules')] },
    flags: { file: textFlag('FILE', 'A rule in a file, which is not saved'), hours: numberFlag('N', 'So many hours back; default 24', { min: 1, max: 168 }), ...serverFlags },
  },
  about: 'Goes through the past as the rule would have, and says when it would have fired.',
  examples: ['rules test http-errors --hours 72', 'rules test --file rule.yml'],
  async run(cli: Cli, flags: Flags, rule: string | undefined) {
    if ((rule === undefined) === (flags.file === undefined)) throw new UsageError('name a rule, or give one with --file')
    const { client } = await cli.connect(flags)
    const hours = flags.hours === undefined ? {} : { hours: flags.hours }
    const trial = flags.file === undefined ? await client.call('rules.history', { params: { rule: rule as string }, query: hours }) : await client.call('rules.test', { body: { rule: await readRuleFile(cli, flags.file), ...hours } })
    if (flags.json) return cli.out.json(trial)
    printTrial(cli, trial)
  },
})
