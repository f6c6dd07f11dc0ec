import { type ServerFlags, argument, command, serverFlags } from '../../command.ts'
import type { Cli } from '../../context.ts'

export const dashboardsShow = command({
  parameters: { flags: serverFlags, positional: { kind: 'tuple', parameters: [argument('DASHBOARD', 'Its id (see: nightshift dashboards)')] } },
  about: 'In YAML, as dashboards save takes it.',
  examples: ['dashboards show checkout > checkout.yml'],
  async run(cli: Cli, flags: ServerFlags, dashboard: string) {
    const { client } = await cli.connect(flags)
    const answer = await client.call('dashboards.read', { params: { dashboard } })
    if (flags.json) return cli.out.json(answer)
    const { title, app, rows } = answer
    const { stringify } = await import('yaml')
    cli.out.line(stringify({ title, ...(app === null ? {} : { app }), rows }).trimEnd())
  },
})
