import { linkFolder, linkName } from '../../app-choice.ts'
import { argument, command, serverFlags, type ServerFlags } from '../../command.ts'
import type { Cli } from '../../context.ts'

export const appsLink = command({
  parameters: { positional: { kind: 'tuple', parameters: [argument('APP', 'An app that is there')] }, flags: serverFlags },
  about: `Writes the app's name to ${linkName} in this folder, which stands in for --app from then on. A name in nightshift.yml goes before it.`,
  examples: ['apps link shop'],
  async run(cli: Cli, flags: ServerFlags, app: string) {
    const { client } = await cli.connect(flags)
    const answer = await client.call('apps.read', { params: { app } })
    await linkFolder(cli.io.cwd, app)
    if (flags.json) return cli.out.json(answer)
    cli.out.line(`This folder stands for ${app} now (${linkName}).`)
    const chosen = await cli.appChoice({ app: undefined })
    if (chosen !== undefined && chosen.app !== app) cli.out.warn(`${chosen.from} goes before the link and names ${chosen.app}`)
  },
})
