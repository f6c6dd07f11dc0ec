import { type AppFlags, appAliases, appFlags, argument, command } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { appWords } from '../../words.ts'

export const domainsRemove = command({
  parameters: { positional: { kind: 'tuple', parameters: [argument('HOST', 'A host of nightshift domains')] }, flags: appFlags, aliases: appAliases },
  async run(cli: Cli, flags: AppFlags, host: string) {
    const { client, app, environment } = await cli.target(flags)
    const answer = await client.call('domains.remove', { params: { app, host: host.toLowerCase() }, query: { environment } })
    if (flags.json) return cli.out.json(answer)
    cli.out.line(`${host.toLowerCase()} leads to ${appWords(app, environment)} no more`)
  },
})
