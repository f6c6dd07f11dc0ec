import { argument, command, serverFlags, type ServerFlags } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { UsageError } from '../../errors.ts'

export const rulesMode = command({
  parameters: { positional: { kind: 'tuple', parameters: [argument('RULE', 'A rule of nightshift rules'), argument('MODE', 'on or off')] }, flags: serverFlags },
  examples: ['rules mode instance-memory off'],
  async run(cli: Cli, flags: ServerFlags, rule: string, mode: string) {
    if (mode !== 'on' && mode !== 'off') throw new UsageError(`"${mode}" is not a mode of a rule; write on or off`)
    const { client } = await cli.connect(flags)
    const answer = await client.call('rules.mode', { params: { rule }, body: { mode } })
    if (flags.json) return cli.out.json(answer)
    cli.out.line(`the rule ${answer.id} is ${answer.mode}`)
  },
})
