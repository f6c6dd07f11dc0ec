import { type ServerFlags, argument, command, serverFlags } from '../../command.ts'
import type { Cli } from '../../context.ts'

export const dashboardsRemove = command({
  parameters: { flags: serverFlags, positional: { kind: 'tuple', parameters: [argument('DASHBOARD', 'Its id (see: nightshift dashboards)')] } },
  async run(cli: Cli, flags: ServerFlags, dashboard: string) {
    const { client } = await cli.connect(flags)
    const answer = await client.call('dashboards.remove', { params: { dashboard } })
    if (flags.json) return cli.out.json(answer)
    cli.out.line(`the dashboard ${dashboard} is removed; what it showed stays`)
  },
})
