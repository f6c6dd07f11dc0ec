import { type AppFlags, appAliases, appFlags, command } from '../command.ts'
import type { Cli } from '../context.ts'
import { appWords, appWordsAsFlags } from '../words.ts'

export const start = command({
  parameters: { flags: appFlags, aliases: appAliases },
  async run(cli: Cli, flags: AppFlags) {
    const { client, app, environment } = await cli.target(flags)
    const { settings } = await client.call('apps.read', { params: { app }, query: { environment } })
    const answer = await client.call('apps.start', { params: { app }, query: { environment } })
    if (flags.json) return cli.out.json(answer)
    cli.out.line(settings.stopped ? `${appWords(app, environment)} is told to start` : `${appWords(app, environment)} was not stopped: nothing changes (start its instances anew: nightshift restart ${appWordsAsFlags(app, environment)})`)
  },
})
