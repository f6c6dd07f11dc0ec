import { argument, command, serverFlags, type ServerFlags } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { targetWords } from '../../remediation-words.ts'

export const healDismiss = command({
  parameters: { positional: { kind: 'tuple', parameters: [argument('ID', 'An open one of nightshift heal list --open')] }, flags: serverFlags },
  async run(cli: Cli, flags: ServerFlags, id: string) {
    const { client } = await cli.connect(flags)
    const one = await client.call('healing.dismiss', { params: { id } })
    if (flags.json) return cli.out.json(one)
    cli.out.line(`${targetWords(one)} is yours: healing leaves it alone until it is well again`)
  },
})
