import { formatDuration, parseDuration } from '#base/units.ts'
import type { Objective, Slo } from '#contract/alerting.ts'
import type { CallInput } from '#contract/endpoints.ts'
import { sloSpecOf } from '#contract/slo-spec.ts'
import { type AppFlags, appAliases, appFlags, command, optionalArgument, switchFlag, textFlag } from '../command.ts'
import type { Cli } from '../context.ts'
import { UsageError } from '../errors.ts'
import { table } from '../table.ts'
import { since, when } from '../times.ts'
import { appWords } from '../words.ts'

type SloInput = NonNullable<CallInput<'slos.put'>['body']>
type Flags = AppFlags & { service: string | undefined; availability: string | undefined; p99: string | undefined; window: string | undefined; alerts: string | undefined; reset: boolean; dryRun: boolean }

export const slo = command({
  parameters: {
    positional: { kind: 'tuple', parameters: [optionalArgument('APP', 'Instead of --app; without, all apps')] },
    flags: {
      service: textFlag('SERVICE', 'Set that of a service, not of the app as a whole'),
      availability: textFlag('PERCENT', 'Set the share of requests that must not fail: 99.9%'),
      p99: textFlag('TIME', 'Set the time within which 99 of 100 answers must come: 500ms'),
      window: textFlag('TIME', 'Set the time it is counted over, 7d to 90d; default 30d'),
      alerts: textFlag('on|off', 'Off: it is counted as ever, and alerts nobody'),
      dryRun: switchFlag('Show how it would have done in the last day, and set nothing'),
      reset: switchFlag('What nightshift.yml says holds again'),
      ...appFlags,
    },
    aliases: appAliases,
  },
  about: 'Shows each objective, what is left of its error budget, and how fast it burns: 1 uses it up exactly by the end of the window. With --availability or --p99 it is set, over what nightshift.yml says, and --dry-run shows first how it would have done.',
  examples: ['slo', 'slo shop', 'slo shop --availability 99.9% --p99 500ms', 'slo shop --service api --availability 99.5%', 'slo shop --availability 99.95% --dry-run', 'slo shop --alerts off', 'slo shop --reset'],
  async run(cli: Cli, flags: Flags, name: string | undefined) {
    const states = flags.availability !== undefined || flags.p99 !== undefined
    const sets = states || flags.alerts !== undefined
    if (sets && flags.reset) throw new UsageError('--reset stands alone, without --availability, --p99 and --alerts')
    if (!states && flags.window !== undefined) throw new UsageError('--window is set together with --availability or --p99')
    if (flags.dryRun && !states) throw new UsageError('--dry-run tries what --availability and --p99 say')
    if (flags.dryRun) return tryIt(cli, flags, name)
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
  return client.call('slos.put', { ...at, body: await specOf(flags, () => client.call('slos.list', { query: { app, environment } })) })
}

/** What is not said anew stays: `--alerts off` alone leaves the objectives as they are. */
async function specOf({ availability, p99, window, alerts, service }: Flags, list: () => Promise<Slo[]>): Promise<SloInput> {
  const heard = alerts === undefined ? {} : { alerts: alerts === 'on' || (alerts === 'off' ? false : fail(`"${alerts}" is neither on nor off`)) }
  if (availability !== undefined || p99 !== undefined) return { ...(availability === undefined ? {} : { availability: share(availability) }), ...(p99 === undefined ? {} : { p99Ms: parseDuration(p99) }), ...(window === undefined ? {} : { windowMs: parseDuration(window) }), ...heard }
  const now = (await list()).find((one) => one.service === (service ?? null)) ?? fail('there is no SLO yet; set --availability or --p99 first')
  return { ...sloSpecOf(now), ...heard }
}

async function tryIt(cli: Cli, flags: Flags, name: string | undefined): Promise<void> {
  const { client, app, environment } = await cli.target({ ...flags, app: name ?? flags.app })
  const trial = await client.call('slos.test', { params: { app }, query: { environment, ...(flags.service === undefined ? {} : { service: flags.service }) }, body: await specOf(flags, () => Promise.resolve([])) })
  if (flags.json) return cli.out.json(trial)
  const now = cli.now()
  for (const one of trial.objectives) {
    cli.out.line(`${objectiveWords(one)}: ${Math.round(one.bad)} of ${Math.round(one.total)} requests were bad since ${when(trial.since, now, true)}; at that pace the error budget lasts ${one.lastsMs === null ? 'the window' : formatDuration(one.lastsMs)}`)
    if (one.fired.length === 0) cli.out.line('  it would have alerted nobody')
    for (const { from, to, severity, because } of one.fired) cli.out.line(`  ${when(from, now, true)}  ${severity}, ${to === null ? 'until now' : `for ${since(from, new Date(to))}`}: ${because}`)
  }
}

function fail(message: string): never {
  throw new UsageError(message)
}

function share(text: string): number {
  if (!/^\d{1,2}(\.\d{1,3})?%$/.test(text)) throw new UsageError(`"${text}" is not an objective; write 99%, 99.9% or 99.95%`)
  return Number((Number.parseFloat(text) / 100).toFixed(5))
}

function print(cli: Cli, list: readonly Slo[]): void {
  const rows = list.flatMap((one) => one.objectives.map((objective) => ({ one, objective })))
  table(cli.out, rows, [
    { title: 'of', value: ({ one }) => (one.service === null ? appWords(one.app, one.environment) : `${appWords(one.app, one.environment)}/${one.service}`) },
    { title: 'objective', value: ({ objective }) => objectiveWords(objective) },
    { title: 'over', value: ({ one }) => formatDuration(one.windowMs) },
    { title: 'requests', value: ({ objective }) => Math.round(objective.total), align: 'right' },
    { title: 'bad', value: ({ objective }) => Math.round(objective.bad), align: 'right' },
    { title: 'budget left', value: ({ objective }) => `${Math.round(objective.budgetLeft * 100)} %`, align: 'right', style: ({ objective }) => (objective.budgetLeft <= 0 ? 'red' : objective.budgetLeft < 0.25 ? 'yellow' : undefined) },
    { title: 'burn 1h', value: ({ objective }) => burn(objective.burn['1h']), align: 'right' },
    { title: '6h', value: ({ objective }) => burn(objective.burn['6h']), align: 'right' },
    { title: '3d', value: ({ objective }) => burn(objective.burn['3d']), align: 'right' },
    { title: 'lasts', value: ({ objective }) => (objective.exhaustedInMs === null ? 'the window' : objective.exhaustedInMs === 0 ? 'it is gone' : formatDuration(objective.exhaustedInMs)) },
    { title: 'alert', value: ({ one, objective }) => (one.alerts ? objective.firing : 'off'), style: ({ one, objective }) => (!one.alerts ? undefined : objective.firing === 'critical' ? 'red' : 'yellow') },
  ])
}

const objectiveWords = ({ kind, target, thresholdMs }: Pick<Objective, 'kind' | 'target' | 'thresholdMs'>) => (kind === 'availability' ? `${Number((target * 100).toFixed(3))} % succeed` : `${Number((target * 100).toFixed(3))} % within ${thresholdMs} ms`)
const burn = (rate: number | undefined) => (rate === undefined ? null : `${rate >= 10 ? Math.round(rate) : Number(rate.toFixed(1))}×`)
