import { type AppFlags, appAliases, appFlags, command, longFlag, numberFlag, switchFlag } from '../command.ts'
import type { Cli } from '../context.ts'
import { checkNamedApp } from '../named-app.ts'
import { table } from '../table.ts'
import { when } from '../times.ts'

type Flags = AppFlags & { number: number | undefined; all: boolean; long: boolean }

export const changes = command({
  parameters: { flags: { number: numberFlag('N', 'How many; default 20', { min: 1, max: 1000 }), all: switchFlag('Of all apps, also where the folder names one'), long: longFlag, ...appFlags }, aliases: { ...appAliases, n: 'number', l: 'long' } },
  about: 'Releases, config, secrets, scale, routes, and what people stopped or started. Newest first.',
  async run(cli: Cli, flags: Flags) {
    const chosen = flags.all ? undefined : await cli.appChoice(flags)
    const { client } = await cli.connect(flags)
    const list = await client.call('changes.list', { query: { limit: flags.number ?? 20, ...(chosen === undefined ? {} : { app: chosen.app }), ...(flags.env === undefined ? {} : { environment: flags.env }) } })
    if (flags.json) return cli.out.json(list)
    if (list.length === 0) {
      await checkNamedApp(client, chosen?.app)
      return cli.out.line('Nothing was changed yet')
    }
    const now = cli.now()
    table(cli.out, list, [
      { title: 'when', value: (event) => when(event.at, now, flags.long) },
      { title: 'app', value: (event) => (event.environment === null || event.environment === 'production' ? event.app : `${event.app}/${event.environment}`) },
      { title: 'by', value: (event) => event.actor.name },
      { title: 'what', value: (event) => event.summary },
    ])
  },
})
