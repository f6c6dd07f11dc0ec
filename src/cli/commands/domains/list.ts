import { type AppFlags, appAliases, appFlags, command } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { table } from '../../table.ts'

export const domainsList = command({
  parameters: { flags: appFlags, aliases: appAliases },
  async run(cli: Cli, flags: AppFlags) {
    const { client, app, environment } = await cli.target(flags)
    const routes = await client.call('routes.list', { params: { app }, query: { environment } })
    if (flags.json) return cli.out.json(routes)
    if (routes.length === 0) return cli.out.line('No routes: nothing of this app is served to the outside yet')
    const from = { default: 'default', manifest: 'manifest', operator: 'set' } as const
    table(cli.out, routes, [
      { title: 'host', value: (route) => route.host },
      { title: 'path', value: (route) => route.path },
      { title: 'service', value: (route) => route.service },
      { title: 'certificate', value: (route) => (route.tls ? 'own' : null) },
      { title: 'from', value: (route) => from[route.source] },
      { title: 'url', value: (route) => route.url },
    ])
  },
})
