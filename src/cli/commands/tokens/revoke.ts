import { argument, command, serverFlags, type ServerFlags } from '../../command.ts'
import type { Cli } from '../../context.ts'

export const tokensRevoke = command({
  parameters: { positional: { kind: 'tuple', parameters: [argument('ID', 'Id of a token, from nightshift tokens')] }, flags: serverFlags },
  async run(cli: Cli, flags: ServerFlags, id: string) {
    const { client } = await cli.connect(flags)
    const answer = await client.call('tokens.revoke', { params: { id } })
    if (flags.json) return cli.out.json(answer)
    cli.out.line(`${id} is revoked and opens nothing any more`)
  },
})
