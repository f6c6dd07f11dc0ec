import { command, longFlag, serverFlags, type ServerFlags } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { table } from '../../table.ts'
import { when } from '../../times.ts'

export const tokensList = command({
  parameters: { flags: { long: longFlag, ...serverFlags }, aliases: { l: 'long' } },
  async run(cli: Cli, flags: ServerFlags & { long: boolean }) {
    const { client } = await cli.connect(flags)
    const tokens = await client.call('tokens.list')
    if (flags.json) return cli.out.json(tokens)
    if (tokens.length === 0) return cli.out.line('No tokens. Make one: nightshift tokens create NAME')
    const now = cli.now()
    table(cli.out, tokens, [
      { title: 'id', value: (token) => token.id },
      { title: 'name', value: (token) => token.name },
      { title: 'scope', value: (token) => token.scope },
      { title: 'apps', value: (token) => (token.apps === null ? 'all' : token.apps.join(', ')) },
      { title: 'made', value: (token) => when(token.createdAt, now, flags.long) },
      { title: 'last used', value: (token) => when(token.lastUsedAt, now, flags.long) ?? 'never' },
      { title: 'expires', value: (token) => when(token.expiresAt, now, flags.long) ?? 'never' },
    ])
  },
})
