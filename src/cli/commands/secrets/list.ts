import { type AppFlags, appAliases, appFlags, command, longFlag } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { table } from '../../table.ts'
import { when } from '../../times.ts'

export const secretsList = command({
  parameters: { flags: { long: longFlag, ...appFlags }, aliases: { ...appAliases, l: 'long' } },
  about: 'With --json: the answer of config.read, which names the secrets.',
  async run(cli: Cli, flags: AppFlags & { long: boolean }) {
    const { client, app, environment } = await cli.target(flags)
    const answer = await client.call('config.read', { params: { app }, query: { environment } })
    if (flags.json) return cli.out.json(answer)
    if (answer.secrets.length === 0 && answer.missingSecrets.length === 0) return cli.out.line('No secrets. Set one: nightshift secrets set NAME')
    const now = cli.now()
    const rows = [...answer.missingSecrets.map((name) => ({ name, setAt: null })), ...answer.secrets]
    table(cli.out, rows, [
      { title: 'secret', value: (row) => row.name },
      { title: 'set', value: (row) => (row.setAt === null ? 'missing' : when(row.setAt, now, flags.long)), style: (row) => (row.setAt === null ? 'red' : undefined) },
    ])
    if (answer.missingSecrets.length > 0) cli.out.note(`the manifest asks for what is missing: nightshift secrets set ${answer.missingSecrets[0]}`)
  },
})
