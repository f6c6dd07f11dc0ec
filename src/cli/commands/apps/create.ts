import { argument, command, serverFlags, type ServerFlags, textFlag } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { appWords, appWordsAsFlags } from '../../words.ts'

export const appsCreate = command({
  parameters: { positional: { kind: 'tuple', parameters: [argument('NAME', 'Lower-case letters, digits and -, starting with a letter')] }, flags: { env: textFlag('ENV', 'Environment; default production'), ...serverFlags }, aliases: { e: 'env' } },
  about: 'A deploy makes the app it needs by itself; this is for what must stand before it, such as secrets, config or a git remote. Making an app that is there already changes nothing.',
  examples: ['apps create shop'],
  async run(cli: Cli, flags: ServerFlags & { env: string | undefined }, name: string) {
    const { client } = await cli.connect(flags)
    const app = await client.call('apps.create', { body: { name, ...(flags.env === undefined ? {} : { environment: flags.env }) } })
    if (flags.json) return cli.out.json(app)
    cli.out.line(`${appWords(app.name, app.environment)} is there. Deploy to it from its folder: nightshift deploy ${appWordsAsFlags(app.name, app.environment)}`)
  },
})
