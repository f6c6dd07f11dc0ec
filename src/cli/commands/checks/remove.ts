import { argument, command, serverFlags, type ServerFlags } from '../../command.ts'
import type { Cli } from '../../context.ts'

export const checksRemove = command({
  parameters: { positional: { kind: 'tuple', parameters: [argument('CHECK', 'Name or id')] }, flags: serverFlags },
  async run(cli: Cli, flags: ServerFlags, check: string) {
    const { client } = await cli.connect(flags)
    const answer = await client.call('checks.delete', { params: { check } })
    if (flags.json) return cli.out.json(answer)
    cli.out.line(`the check ${check} and its history are gone`)
  },
})
