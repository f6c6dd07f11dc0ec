import type { MetricName } from '#contract/metrics.ts'
import { type ServerFlags, command, optionalArgument, serverFlags } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { checkNamedApp } from '../../named-app.ts'
import { table } from '../../table.ts'

export const metricsList = command({
  parameters: { flags: serverFlags, positional: { kind: 'tuple', parameters: [optionalArgument('APP', 'Only those of this app; default all')] } },
  about: 'What can be asked of: nightshift metrics query.',
  examples: ['metrics', 'metrics shop'],
  async run(cli: Cli, flags: ServerFlags, app: string | undefined) {
    const { client } = await cli.connect(flags)
    const names = await client.call('metrics.list', { query: app === undefined ? {} : { app } })
    if (names.length === 0) await checkNamedApp(client, app)
    if (flags.json) return cli.out.json(names)
    if (names.length === 0) return cli.out.line('No metrics yet; they begin within seconds once an instance runs')
    table<MetricName>(cli.out, names, [
      { title: 'metric', value: ({ name }) => name },
      { title: 'kind', value: ({ kind }) => kind },
      { title: 'series', value: ({ series }) => series, align: 'right' },
      { title: 'labels', value: ({ labels }) => labels.join(' ') },
    ])
  },
})
