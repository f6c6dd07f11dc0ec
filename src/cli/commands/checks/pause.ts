import { argument, command, serverFlags, type ServerFlags } from '../../command.ts'
import type { Cli } from '../../context.ts'

export const checksPause = command({
  parameters: { positional: { kind: 'tuple', parameters: [argument('CHECK', 'Name or id')] }, flags: serverFlags },
  async run(cli: Cli, flags: ServerFlags, check: string) {
    const { client } = await cli.connect(flags)
    const one = await client.call('checks.pause', { params: { check } })
    if (flags.json) return cli.out.json(one)
    cli.out.line(`the check ${one.name} is paused: it does not run, and alerts nobody`)
  },
})
