import { command, serverFlags, type ServerFlags } from '../command.ts'
import type { Cli } from '../context.ts'
import { facts } from '../table.ts'

export const whoami = command({
  parameters: { flags: serverFlags },
  async run(cli: Cli, flags: ServerFlags) {
    const { client, url, from } = await cli.connect(flags)
    const info = await client.call('system.info')
    if (flags.json) return cli.out.json(info)
    const may = { admin: 'admin: everything', deploy: 'deploy: read, and change apps', read: 'read: look, change nothing' } as const
    facts(cli.out, [
      ['nightshift', `${url} (from ${from})`],
      ['version', info.version],
      ['you are', `${info.actor.name} (${info.actor.kind})`],
      ['you may', may[info.access]],
      ['apps at', info.ingressUrl],
      ['driver', info.driver ?? 'no machine connected'],
    ])
  },
})
