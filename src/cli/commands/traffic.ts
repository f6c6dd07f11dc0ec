import { type AppFlags, appAliases, appFlags, command, numberFlag, switchFlag } from '../command.ts'
import type { Cli } from '../context.ts'
import { table } from '../table.ts'
import { milliseconds, percent, rate } from '../words.ts'
import { sparkline } from './tonight.ts'
import { checkNamedApp } from '../named-app.ts'

export const traffic = command({
  parameters: {
    flags: { minutes: numberFlag('N', 'Over how long; default 60', { min: 1, max: 1440 }), all: switchFlag('Of all apps, also where the folder names one'), ...appFlags },
    aliases: appAliases,
  },
  about: 'Of one app where one is chosen, else of all. Routes come from outside; an edge is one service calling another.',
  async run(cli: Cli, flags: AppFlags & { minutes: number | undefined; all: boolean }) {
    const chosen = flags.all ? undefined : await cli.appChoice(flags)
    const { client } = await cli.connect(flags)
    const query = { minutes: flags.minutes ?? 60, ...(chosen === undefined ? {} : { app: chosen.app }), ...(flags.env === undefined ? {} : { environment: flags.env }) }
    const series = await client.call('traffic.read', { query })
    if (series.length === 0) await checkNamedApp(client, chosen?.app)
    if (flags.json) return cli.out.json(series)
    if (series.length === 0) return cli.out.line(`No traffic in the last ${query.minutes} minutes`)
    table(cli.out, series, [
      { title: 'app', value: (one) => (chosen === undefined ? one.app : null) },
      { title: 'environment', value: (one) => (series.every(({ environment }) => environment === 'production') ? null : one.environment) },
      { title: 'from', value: (one) => one.from ?? 'outside' },
      { title: 'to', value: (one) => one.service },
      { title: 'requests', value: (one) => rate(one.requestRate), align: 'right' },
      { title: 'errors', value: (one) => percent(one.errorShare), align: 'right', style: (one) => (one.errorShare > 0.01 ? 'red' : undefined) },
      { title: 'copies', value: (one) => (series.some(({ staleShare }) => staleShare > 0) ? percent(one.staleShare) : null), align: 'right', style: (one) => (one.staleShare > 0 ? 'yellow' : undefined) },
      { title: 'p50', value: (one) => milliseconds(one.p50Ms), align: 'right' },
      { title: 'p99', value: (one) => milliseconds(one.p99Ms), align: 'right' },
      { title: `last ${query.minutes} min`, value: (one) => sparkline(thinned(one.points.map((point) => point.requests), 30)) },
    ])
  },
})

/** At most `most` values, each the sum of its neighbours. */
export function thinned(values: readonly number[], most: number): number[] {
  const size = Math.ceil(values.length / most)
  if (size <= 1) return [...values]
  return Array.from({ length: Math.ceil(values.length / size) }, (_, index) => values.slice(index * size, (index + 1) * size).reduce((sum, value) => sum + value, 0))
}
