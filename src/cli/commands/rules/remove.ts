import { argument, command, serverFlags, type ServerFlags } from '../../command.ts'
import type { Cli } from '../../context.ts'

export const rulesRemove = command({
  parameters: { positional: { kind: 'tuple', parameters: [argument('RULE', 'A rule of nightshift rules')] }, flags: serverFlags },
  examples: ['rules remove shop-queue'],
  async run(cli: Cli, flags: ServerFlags, rule: string) {
    const { client } = await cli.connect(flags)
    const answer = await client.call('rules.remove', { params: { rule } })
    if (flags.json) return cli.out.json(answer)
    cli.out.line(`the rule ${rule} is removed; its alerts are over`)
  },
})
