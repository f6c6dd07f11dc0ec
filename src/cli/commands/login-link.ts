import { command, serverFlags, type ServerFlags, textFlag } from '../command.ts'
import type { Cli } from '../context.ts'
import { when } from '../times.ts'

export const loginLink = command({
  parameters: { flags: { name: textFlag('NAME', 'Name the session carries; default operator'), ...serverFlags } },
  about: 'Whoever opens the link first is logged in to the console as an admin. It works once, and not for long.',
  async run(cli: Cli, flags: ServerFlags & { name: string | undefined }) {
    const { client } = await cli.connect(flags)
    const link = await client.call('login.link', flags.name === undefined ? {} : { body: { name: flags.name } })
    if (flags.json) return cli.out.json(link)
    cli.out.line(link.url)
    cli.out.note(`works once, and expires ${when(link.expiresAt, cli.now())}`)
  },
})
