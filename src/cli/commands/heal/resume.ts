import { command, serverFlags, type ServerFlags } from '../../command.ts'
import type { Cli } from '../../context.ts'

export const healResume = command({
  parameters: { flags: serverFlags },
  async run(cli: Cli, flags: ServerFlags) {
    const { client } = await cli.connect(flags)
    const overview = await client.call('healing.resume')
    if (flags.json) return cli.out.json(overview)
    cli.out.line('healing goes on')
  },
})
