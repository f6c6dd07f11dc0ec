import { argument, command, serverFlags, type ServerFlags } from '../../command.ts'
import type { Cli } from '../../context.ts'

export const checksPluginRemove = command({
  parameters: { positional: { kind: 'tuple', parameters: [argument('PLUGIN', 'A name of nightshift checks plugins')] }, flags: serverFlags },
  async run(cli: Cli, flags: ServerFlags, plugin: string) {
    const { client } = await cli.connect(flags)
    const answer = await client.call('plugins.delete', { params: { plugin } })
    if (flags.json) return cli.out.json(answer)
    cli.out.line(`the plugin ${plugin} is gone`)
  },
})
