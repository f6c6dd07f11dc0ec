import { type AppFlags, appAliases, appFlags, command } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { appWords } from '../../words.ts'

export const rolloutAccept = command({
  parameters: { flags: appFlags, aliases: appAliases },
  about: 'After its switch a release is compared with the one before, and rolled back when it is worse. This ends that: it stays.',
  async run(cli: Cli, flags: AppFlags) {
    const { client, app, environment } = await cli.target(flags)
    const bake = await client.call('bakes.accept', { params: { app }, query: { environment } })
    if (flags.json) return cli.out.json(bake)
    cli.out.line(`v${bake.release} of ${appWords(app, environment)} stays`)
  },
})
