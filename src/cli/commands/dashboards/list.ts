import type { DashboardName } from '#contract/dashboards.ts'
import { type ServerFlags, command, serverFlags } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { table } from '../../table.ts'
import { when } from '../../times.ts'

export const dashboardsList = command({
  parameters: { flags: serverFlags },
  about: 'Those that people made; App and Machine come with the console.',
  async run(cli: Cli, flags: ServerFlags) {
    const { client } = await cli.connect(flags)
    const list = await client.call('dashboards.list')
    if (flags.json) return cli.out.json(list)
    if (list.length === 0) return cli.out.line('No dashboards yet: make one in the room Graphs of the console, or with nightshift dashboards save ID FILE')
    const now = cli.now()
    table<DashboardName>(cli.out, list, [
      { title: 'dashboard', value: ({ id }) => id },
      { title: 'title', value: ({ title }) => title },
      { title: 'app', value: ({ app }) => app },
      { title: 'graphs', value: ({ graphs }) => graphs, align: 'right' },
      { title: 'changed', value: ({ changedAt }) => when(changedAt, now) },
      { title: 'by', value: ({ changedBy }) => changedBy },
    ])
  },
})
