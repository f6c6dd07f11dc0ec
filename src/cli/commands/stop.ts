import { type AppFlags, appAliases, appFlags, command } from '../command.ts'
import type { Cli } from '../context.ts'
import { appWords, appWordsAsFlags } from '../words.ts'

export const stop = command({
  parameters: { flags: appFlags, aliases: appAliases },
  async run(cli: Cli, flags: AppFlags) {
    const { client, app, environment } = await cli.target(flags)
    const { settings } = await client.call('apps.read', { params: { app }, query: { environment } })
    const answer = await client.call('apps.stop', { params: { app }, query: { environment } })
    if (flags.json) return cli.out.json(answer)
    if (settings.stopped) return cli.out.line(`${appWords(app, environment)} is stopped already (start it again: nightshift start ${appWordsAsFlags(app, environment)})`)
    cli.out.line(`${appWords(app, environment)} is told to stop; config, releases and volumes stay (start it again: nightshift start ${appWordsAsFlags(app, environment)})`)
  },
})
