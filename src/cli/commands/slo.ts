import { formatDuration, parseDuration } from '#base/units.ts'
import type { Objective, Slo } from '#contract/alerting.ts'
import { type AppFlags, appAliases, appFlags, command, optionalArgument, switchFlag, textFlag } from '../command.ts'
import type { Cli } from '../context.ts'
import { UsageError } from '../errors.ts'
import { table } from '../table.ts'
import { appWords } from '../words.ts'

type Flags = AppFlags & { service: string | undefined; availability: string | undefined; p99: string | undefined; window: string | undefined; reset: boolean }

export const slo = command({
  parameters: {
    positional: { kind: 'tuple', parameters: [optionalArgument('APP', 'Instead of --app; without, all apps')] },
    flags: {
      service: textFlag('SERVICE', 'Set that of a service, not of the app as a whole'),
      availability: textFlag('PERCENT', 'Set the share of requests that must not fail: 99.9%'),
      p99: textFlag('TIME', 'Set the time within which 99 of 100 answers must come: 500ms'),
      window: textFlag('TIME', 'Set the time it is counted over, 7d to 90d; default 30d'),
      reset: switchFlag('What nightshift.yml says holds again'),
      ...appFlags,
    },
    aliases: appAliases,
  },
  about: 'Shows what is promised, what is left of each error budget, and how fast it burns: 1 uses it up exactly by the end of the window. With --availability or --p99 it is set, over what nightshift.yml says.',
  examples: ['slo', 'slo shop', 'slo shop --availability 99.9% --p99 500ms', 'slo shop --service api --availability 99.5%', 'slo shop --reset'],
  async run(cli: Cli, flags: Flags, name: string | undefined) {
    const sets = flags.availability !== undefined || flags.p99 !== undefined
    if (sets && flags.reset) throw new UsageError('--reset stands alone, without --availability and --p99')
    if (!sets && flags.window !== undefined) throw new UsageError('--window is set together with --availability or --p99')
    const list = await ask(cli, flags, name, sets)
    if (flags.json) return cli.out.json(list)
    if (list.length === 0) return cli.out.line('No SLO yet: write `slo: { availability: 99.9%, p99: 500ms }` into nightshift.yml, or nightshift slo APP --availability 99.9%')
    print(cli, list)
  },
})

async function ask(cli: Cli, flags: Flags, name: string | undefined, sets: boolean): Promise<Slo[]> {
  if (!sets && !flags.reset && name === undefined && flags.app === undefined) {
    const { client } = await cli.connect(flags)
    return client.call('slos.list', { query: flags.env === undefined ? {} : { environment: flags.env } })
  }
  const { client, app, environment } = await cli.target({ ...flags, app: name ?? flags.app })
  const at = { params: { app }, query: { environment, ...(flags.service === undefined ? {} : { service: flags.service }) } }
  if (flags.reset) return client.call('slos.remove', at)
  if (!sets) return client.call('slos.list', { query: { app, environment } })
  const { availability, p99, window } = flags
  return client.call('slos.put', { ...at, body: { ...(availability === undefined ? {} : { availability: share(availability) }), ...(p99 === undefined ? {} : { p99Ms: parseDuration(p99) }), ...(window === undefined ? {} : { windowMs: parseDuration(window) }) } })
}

function share(text: string): number {
  if (!/^\d{1,2}(\.\d{1,3})?%$/.test(text)) throw new UsageError(`"${text}" is not an objective; write 99%, 99.9% or 99.95%`)
  return Number((Number.parseFloat(text) / 100).toFixed(5))
}

function print(cli: Cli, list: readonly Slo[]): void {
  const rows = list.flatMap((one) => one.objectives.map((objective) => ({ one, objective })))
  table(cli.out, rows, [
    { title: 'of', value: ({ one }) => (one.service === null ? appWords(one.app, one.environment) : `${appWords(one.app, one.environment)}/${one.service}`) },
    { title: 'promise', value: ({ objective }) => promise(objective) },
    { title: 'over', value: ({ one }) => formatDuration(one.windowMs) },
    { title: 'requests', value: ({ objective }) => Math.round(objective.total), align: 'right' },
    { title: 'bad', value: ({ objective }) => Math.round(objective.bad), align: 'right' },
    { title: 'budget left', value: ({ objective }) => `${Math.round(objective.budgetLeft * 100)} %`, align: 'right', style: ({ objective }) => (objective.budgetLeft <= 0 ? 'red' : objective.budgetLeft < 0.25 ? 'yellow' : undefined) },
    { title: 'burn 1h', value: ({ objective }) => burn(objective.burn['1h']), align: 'right' },
    { title: '6h', value: ({ objective }) => burn(objective.burn['6h']), align: 'right' },
    { title: '3d', value: ({ objective }) => burn(objective.burn['3d']), align: 'right' },
    { title: 'lasts', value: ({ objective }) => (objective.exhaustedInMs === null ? 'the window' : objective.exhaustedInMs === 0 ? 'it is gone' : formatDuration(objective.exhaustedInMs)) },
    { title: 'alert', value: ({ objective }) => objective.firing, style: ({ objective }) => (objective.firing === 'critical' ? 'red' : 'yellow') },
  ])
}

const promise = ({ kind, target, thresholdMs }: Objective) => (kind === 'availability' ? `${Number((target * 100).toFixed(3))} % succeed` : `${Number((target * 100).toFixed(3))} % within ${thresholdMs} ms`)
const burn = (rate: number | undefined) => (rate === undefined ? null : `${rate >= 10 ? Math.round(rate) : Number(rate.toFixed(1))}×`)
