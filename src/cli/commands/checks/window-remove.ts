import { argument, command, serverFlags, type ServerFlags } from '../../command.ts'
import type { Cli } from '../../context.ts'

export const checksWindowRemove = command({
  parameters: { positional: { kind: 'tuple', parameters: [argument('WINDOW', 'An id of nightshift checks windows')] }, flags: serverFlags },
  async run(cli: Cli, flags: ServerFlags, window: string) {
    const { client } = await cli.connect(flags)
    const answer = await client.call('windows.delete', { params: { window } })
    if (flags.json) return cli.out.json(answer)
    cli.out.line('the maintenance window is gone')
  },
})
