import { longFlag, command, serverFlags, type ServerFlags, textFlag } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { table } from '../../table.ts'
import { when } from '../../times.ts'
import { appWords, percent, rate, stateStyle } from '../../words.ts'

export const appsList = command({
  parameters: { flags: { where: textFlag('QUERY', 'Only those that it matches (docs/selectors.md)'), long: longFlag, ...serverFlags }, aliases: { l: 'long' } },
  examples: ['apps', "apps --where 'state:down or tag:pci'", 'apps --json'],
  async run(cli: Cli, flags: ServerFlags & { where: string | undefined; long: boolean }) {
    const { client } = await cli.connect(flags)
    const apps = await client.call('apps.list', { query: { query: flags.where } })
    if (flags.json) return cli.out.json(apps)
    if (apps.length === 0 && flags.where !== undefined) return cli.out.line(`No app matches ${flags.where} (see all: nightshift apps)`)
    if (apps.length === 0) return cli.out.line('No apps yet. Deploy one from its folder: nightshift deploy')
    const now = cli.now()
    table(cli.out, apps, [
      { title: 'app', value: (app) => app.name },
      { title: 'environment', value: (app) => (apps.every(({ environment }) => environment === 'production') ? null : app.environment) },
      { title: 'health', value: (app) => app.health, style: (app) => stateStyle(app.health) },
      { title: 'release', value: (app) => (app.release === null ? null : `v${app.release}`) },
      { title: 'deployed', value: (app) => when(app.deployedAt, now, flags.long) },
      { title: 'created', value: (app) => (flags.long ? when(app.createdAt, now, true) : null) },
      { title: 'services', value: (app) => app.services.map((service) => `${service.name} ${service.ready}/${service.wanted}`).join(', ') },
      { title: 'requests', value: (app) => (app.url === null ? null : rate(app.requestRate)), align: 'right' },
      { title: 'errors', value: (app) => (app.url === null ? null : percent(app.errorShare)), align: 'right', style: (app) => (app.errorShare > 0.01 ? 'red' : undefined) },
      { title: 'url', value: (app) => app.url },
    ])
    for (const app of apps) if (app.health === 'down' || app.health === 'degraded') cli.out.note(`${appWords(app.name, app.environment)}: ${app.because}`)
  },
})
