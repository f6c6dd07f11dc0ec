import { AppError } from '#base/errors.ts'
import { nearest } from '#base/nearest.ts'
import type { Client } from '#contract/client.ts'
import { formatMetric, usualFn } from '#contract/metric-words.ts'
import { type MetricAnswer, type MetricFn, type MetricName, type MetricRank, type MetricSeriesView, metricFns, metricRanks, mostTop } from '#contract/metrics.ts'
import { parseWhere } from '#contract/label-conditions.ts'
import { type ServerFlags, argument, command, serverFlags, spanFlag, textFlag } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { UsageError } from '../../errors.ts'
import { parsePoint } from '../../since.ts'
import { table } from '../../table.ts'
import { sparkline } from '../tonight.ts'

type Flags = ServerFlags & { fn: MetricFn | undefined; where: string | undefined; with: string | undefined; by: string | undefined; top: number | undefined; rank: MetricRank | undefined; since: Date | undefined; until: Date | undefined; step: string | undefined; offset: string | undefined }

const sparkWidth = 30

async function proposeMetrics(this: Cli): Promise<string[]> {
  return this.propose(async ({ client }) => (await client.call('metrics.list', { query: {} })).map(({ name }) => name))
}

const point = (brief: string) => ({ kind: 'parsed', parse: parsePoint, optional: true, placeholder: 'TIME', brief }) as const
const span = (brief: string) => spanFlag('SPAN', brief)

export const metricsQuery = command({
  parameters: {
    flags: {
      fn: { kind: 'enum', values: metricFns, optional: true, brief: 'What of it; default what its kind means: avg, rate, or p95 of a histogram' },
      where: textFlag('LABEL=VALUE,…', 'Only series with these labels; * stands for any text'),
      by: textFlag('LABELS', 'One line for each value of these labels; left out: one for each series; "": one for all'),
      with: textFlag('LABEL', 'Only series on which this label is not empty'),
      top: { kind: 'parsed', parse: topCount, optional: true, placeholder: 'COUNT', brief: `Only the first lines, the greatest ones (with --fn min the least), at most ${mostTop}; the others are told together` },
      rank: { kind: 'enum', values: metricRanks, optional: true, brief: 'What the first lines are the first by; default max' },
      since: point('From then on: 30m, 2h, 1d ago, or 2026-03-29T02:30; default 1h'),
      until: point('Up to then; default now'),
      step: span('Time between two points; default so that there are about 120'),
      offset: span('As it was so long before: 1d, 7d'),
      ...serverFlags,
    },
    positional: { kind: 'tuple', parameters: [{ ...argument('METRIC', 'Its name (see: nightshift metrics)'), proposeCompletions: proposeMetrics }] },
  },
  about: 'One line for each series: its newest value, its least and its greatest. Percentiles are asked of a histogram by its name without _bucket.',
  examples: ['metrics query nightshift_http_requests_total --fn rate --by service --where app=shop', 'metrics query nightshift_http_request_duration_seconds --fn p95 --by app --top 10 --since 1d', 'metrics query nightshift_instance_memory_bytes --fn max --where app=shop --offset 1d'],
  async run(cli: Cli, flags: Flags, metric: string) {
    const { client } = await cli.connect(flags)
    conditions(flags.where)
    const fn = flags.fn ?? (await fnFor(client, metric))
    const given = { where: flags.where, with: flags.with, by: flags.by, top: flags.top, rank: flags.rank, since: flags.since?.toISOString(), until: flags.until?.toISOString(), step: flags.step, offset: flags.offset }
    const query = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
    const answer = await client.call('metrics.query', { query: { metric, fn, ...query } })
    if (answer.series.length === 0) await explainNothing(client, metric, flags)
    if (flags.json) return cli.out.json(answer)
    if (answer.series.length === 0) return cli.out.line(`No values of ${metric} ${flags.offset !== undefined ? `so long before (--offset ${flags.offset})` : flags.since === undefined ? 'there; further back: --since 1d' : 'there'}`)
    const format = (value: number) => formatMetric(value, metric, fn)
    table<MetricSeriesView>(cli.out, answer.series, [
      { title: 'series', value: ({ labels }) => Object.entries(labels).sort().map(([name, value]) => `${name}=${value}`).join(' ') || (flags.by === undefined ? metric : 'all') },
      { title: fn, value: (one) => sparkline(drawn(one)) },
      { title: 'last', value: (one) => format(known(one).at(-1) ?? 0), align: 'right' },
      { title: 'min', value: (one) => format(least(known(one))), align: 'right' },
      { title: 'max', value: (one) => format(most(known(one))), align: 'right' },
    ])
    const strange = labelsOf(flags.by).filter((label) => answer.series.every(({ labels }) => !Object.hasOwn(labels, label)))
    if (strange.length > 0) cli.out.note(`no series of ${metric} there has the label ${strange.join(', ')}: this is one line for all`)
    if (answer.others !== null) cli.out.line(othersLine(answer.others, format))
  },
})

const labelsOf = (by = ''): string[] => by.split(',').filter((label) => label !== '')

/** Where the others are now, and what they are together where that says something. */
function othersLine({ count, points }: NonNullable<MetricAnswer['others']>, format: (value: number) => string): string {
  const [, low, high, sum] = points.findLast(([, value]) => value !== null) ?? [0, null, null, null]
  const place = low === null || high === null ? '' : `: ${format(low)} to ${format(high)}${sum === null ? '' : `, together ${format(sum)}`}`
  return `and ${count} other${count === 1 ? '' : 's'}${place}`
}

function topCount(text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1 || count > mostTop) throw new UsageError(`"${text}" is no number of lines (1 to ${mostTop})`)
  return count
}

function conditions(where = ''): Record<string, string[]> {
  try {
    return parseWhere(where)
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

/** What its kind means; of a metric that is not there, whatever: the question is answered with the nearest name. */
async function fnFor(client: Client, metric: string): Promise<MetricFn> {
  const names = await client.call('metrics.list', { query: {} })
  if (names.some(({ name }) => name === `${metric}_bucket`)) return 'p95'
  const kind = names.find(({ name }) => name === metric)?.kind
  return kind === undefined ? 'avg' : usualFn(metric, kind)
}

/** Nothing was found: a name, a label or a value may be a slip of the fingers. Says which, and what there is. */
async function explainNothing(client: Client, metric: string, flags: Flags): Promise<void> {
  const names = await client.call('metrics.list', { query: {} })
  const known = names.find(({ name }) => name === metric) ?? names.find(({ name }) => name === `${metric}_bucket`)
  const histogram = /_(bucket|sum|count)$/.test(metric) ? metric.replace(/_(bucket|sum|count)$/, '') : null
  if (histogram !== null && names.some(({ name }) => name === `${histogram}_bucket`)) throw new AppError('invalid', `${metric} is a part of the histogram ${histogram}: ask for that (nightshift metrics query ${histogram} --fn p95)`)
  if (known === undefined) throw new AppError('not-found', `there is no metric "${metric}"${meant(metric, names.map(({ name }) => name))} (see: nightshift metrics)`)
  if (/^p\d\d$/.test(flags.fn ?? '') && !known.name.endsWith('_bucket')) throw new AppError('invalid', `${metric} is no histogram, so it has no ${flags.fn} (ask for avg, min or max)`)
  for (const [label, values] of Object.entries(conditions(flags.where))) await explainCondition(client, known, label, values)
  for (const label of labelsOf(flags.by)) if (!known.labels.includes(label)) throw noLabel(known, label)
}

async function explainCondition(client: Client, known: MetricName, label: string, values: readonly string[]): Promise<void> {
  if (values.every((value) => value === '')) return
  if (!known.labels.includes(label)) throw noLabel(known, label)
  const there = await client.call('metrics.values', { query: { metric: known.name, label } })
  for (const value of values) {
    if (value.includes('*') || there.includes(value)) continue
    throw new AppError('not-found', `no series of ${known.name} has ${label}=${value}${meant(value, there)}; it has ${there.slice(0, 12).join(', ')}${there.length > 12 ? ', …' : ''}`)
  }
}

const noLabel = ({ name, labels }: MetricName, label: string) => new AppError('not-found', `${name} has no label "${label}"${meant(label, labels)}; it has ${labels.join(', ') || 'none'}`)

function meant(word: string, candidates: readonly string[]): string {
  const near = nearest(word, candidates)
  return near === undefined ? '' : ` (did you mean ${near}?)`
}

const known = ({ points }: MetricSeriesView) => points.flatMap(([, value]) => value ?? [])
const least = (values: readonly number[]) => values.reduce((one, other) => Math.min(one, other), Infinity)
const most = (values: readonly number[]) => values.reduce((one, other) => Math.max(one, other), -Infinity)

/** At most so many values, each the mean of those known among its neighbours; below nothing where all are negative. */
function drawn(series: MetricSeriesView): (number | null)[] {
  const size = Math.max(1, Math.ceil(series.points.length / sparkWidth))
  const groups = Array.from({ length: Math.ceil(series.points.length / size) }, (_, at) => series.points.slice(at * size, (at + 1) * size).flatMap(([, value]) => value ?? []))
  return groups.map((group) => (group.length === 0 ? null : Math.max(0, group.reduce((sum, value) => sum + value, 0) / group.length)))
}
