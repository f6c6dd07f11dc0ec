import { argument, command, serverFlags, type ServerFlags } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { targetWords } from '../../remediation-words.ts'

export const healApprove = command({
  parameters: { positional: { kind: 'tuple', parameters: [argument('ID', 'A suggested one of nightshift heal list --open')] }, flags: serverFlags },
  async run(cli: Cli, flags: ServerFlags, id: string) {
    const { client } = await cli.connect(flags)
    const one = await client.call('healing.approve', { params: { id } })
    if (flags.json) return cli.out.json(one)
    cli.out.line(`${one.next} of ${targetWords(one)} is done now; see nightshift heal show ${one.id}`)
  },
})
