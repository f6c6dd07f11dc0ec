import { argument, command, serverFlags, type ServerFlags } from '../../command.ts'
import type { Cli } from '../../context.ts'

export const forwardsRemove = command({
  parameters: { positional: { kind: 'tuple', parameters: [argument('ID', 'An id of nightshift forwards')] }, flags: serverFlags },
  async run(cli: Cli, flags: ServerFlags, id: string) {
    const { client } = await cli.connect(flags)
    const answer = await client.call('forwards.remove', { params: { id } })
    if (flags.json) return cli.out.json(answer)
    cli.out.line(`forward ${id} is removed; no more samples are sent there`)
  },
})
