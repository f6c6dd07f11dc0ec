import { command, serverFlags, type ServerFlags } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { table } from '../../table.ts'
import { localTime } from '../../times.ts'

export const checksWindows = command({
  parameters: { flags: serverFlags },
  async run(cli: Cli, flags: ServerFlags) {
    const { client } = await cli.connect(flags)
    const list = await client.call('windows.list')
    if (flags.json) return cli.out.json(list)
    if (list.length === 0) return cli.out.line('No maintenance is planned (nightshift checks window)')
    table(cli.out, list, [
      { title: 'id', value: (one) => one.id },
      { title: 'title', value: (one) => one.title },
      { title: 'now', value: (one) => (one.active ? 'open' : ''), style: () => 'yellow' },
      { title: 'from', value: (one) => localTime(one.from) },
      { title: 'until', value: (one) => localTime(one.until) },
      { title: 'repeat', value: (one) => (one.repeat === 'once' ? 'once' : `${one.repeat}, ${one.timezone}`) },
      { title: 'of', value: (one) => [...one.apps.map((app) => `app ${app}`), ...one.checks].join(', ') },
    ])
  },
})
