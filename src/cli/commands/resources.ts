import { formatSize } from '#base/units.ts'
import { type AppFlags, appAliases, appFlags, command, numberFlag } from '../command.ts'
import type { Cli } from '../context.ts'
import { table } from '../table.ts'
import { cpu } from '../words.ts'
import { sparkline } from './tonight.ts'
import { thinned } from './traffic.ts'
import { checkNamedApp } from '../named-app.ts'

export const resources = command({
  parameters: { flags: { minutes: numberFlag('N', 'Over how long; default 60', { min: 1, max: 1440 }), ...appFlags }, aliases: appAliases },
  about: '100 % of CPU is one core.',
  async run(cli: Cli, flags: AppFlags & { minutes: number | undefined }) {
    const { client, app, environment } = await cli.target(flags)
    const minutes = flags.minutes ?? 60
    const series = await client.call('resources.read', { params: { app }, query: { environment, minutes } })
    if (series.length === 0) await checkNamedApp(client, app)
    if (flags.json) return cli.out.json(series)
    const rows = series.filter((one) => one.points.length > 0)
    if (rows.length === 0) return cli.out.line(`No samples in the last ${minutes} minutes`)
    table(cli.out, rows, [
      { title: 'instance', value: (one) => one.name },
      { title: 'cpu', value: (one) => cpu(one.points.at(-1)?.cpu ?? null), align: 'right' },
      { title: 'highest', value: (one) => cpu(Math.max(...one.points.map((point) => point.cpu))), align: 'right' },
      { title: `cpu, last ${minutes} min`, value: (one) => sparkline(thinned(one.points.map((point) => point.cpu), 30)) },
      { title: 'memory', value: (one) => formatSize(one.points.at(-1)?.memoryBytes ?? 0), align: 'right' },
      { title: 'highest', value: (one) => formatSize(Math.max(...one.points.map((point) => point.memoryBytes))), align: 'right' },
    ])
  },
})
