import { pausedName } from '#contract/pause-words.ts'
import { argument, command, serverFlags, type ServerFlags } from '../../command.ts'
import type { Cli } from '../../context.ts'

export const healUnpause = command({
  parameters: { positional: { kind: 'tuple', parameters: [argument('ID', 'One of nightshift heal pauses')] }, flags: serverFlags },
  async run(cli: Cli, flags: ServerFlags, id: string) {
    const { client } = await cli.connect(flags)
    const pause = await client.call('healing.unpause', { params: { id } })
    if (flags.json) return cli.out.json(pause)
    cli.out.line(`healing looks after ${pausedName(pause)} again`)
  },
})
