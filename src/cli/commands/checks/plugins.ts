import { formatSize } from '#base/units.ts'
import { command, serverFlags, type ServerFlags } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { table } from '../../table.ts'
import { when } from '../../times.ts'

export const checksPlugins = command({
  parameters: { flags: serverFlags },
  async run(cli: Cli, flags: ServerFlags) {
    const { client } = await cli.connect(flags)
    const list = await client.call('plugins.list')
    if (flags.json) return cli.out.json(list)
    if (list.length === 0) return cli.out.line('No plugins (nightshift checks plugin FILE)')
    table(cli.out, list, [{ title: 'plugin', value: (one) => one.name }, { title: 'size', value: (one) => formatSize(one.bytes), align: 'right' }, { title: 'checks', value: (one) => String(one.usedBy), align: 'right' }, { title: 'added', value: (one) => when(one.addedAt, cli.now()) }, { title: 'by', value: (one) => one.addedBy }, { title: 'sha-256', value: (one) => one.digest.slice(0, 12) }])
  },
})
