import { type AppFlags, appAliases, appFlags, command } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { table } from '../../table.ts'

type Row = { name: string; value: string; from: string }

export const configList = command({
  parameters: { flags: appFlags, aliases: appAliases },
  about: 'What operators set goes before what the manifest says. Secrets are listed by nightshift secrets.',
  examples: ['config', 'config --json'],
  async run(cli: Cli, flags: AppFlags) {
    const { client, app, environment } = await cli.target(flags)
    const answer = await client.call('config.read', { params: { app }, query: { environment } })
    if (flags.json) return cli.out.json(answer)
    const rows: Row[] = Object.entries(answer.config).map(([name, value]) => ({ name, value, from: 'set' }))
    for (const [service, variables] of Object.entries(answer.manifest)) {
      for (const [name, value] of Object.entries(variables)) rows.push({ name, value, from: name in answer.config ? `manifest, ${service} (set goes before)` : `manifest, ${service}` })
    }
    if (rows.length === 0) return cli.out.line('No variables. Set some: nightshift config set NAME=value')
    table(cli.out, rows.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)), [
      { title: 'name', value: (row) => row.name },
      { title: 'from', value: (row) => row.from },
      { title: 'value', value: (row) => row.value },
    ])
  },
})
