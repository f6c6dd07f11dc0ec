import { argument, command, serverFlags, type ServerFlags } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { printRule } from '../../rule-words.ts'

export const rulesShow = command({
  parameters: { positional: { kind: 'tuple', parameters: [argument('RULE', 'A rule of nightshift rules')] }, flags: serverFlags },
  examples: ['rules show http-errors'],
  async run(cli: Cli, flags: ServerFlags, rule: string) {
    const { client } = await cli.connect(flags)
    const answer = await client.call('rules.read', { params: { rule } })
    if (flags.json) return cli.out.json(answer)
    printRule(cli, answer)
  },
})
