/** What agents read of apps' own metrics, as samples. */
import { AppError } from '#base/errors.ts'
import { scrapeBatchSchema } from '#contract/scraping.ts'
import type { Sample } from './model.ts'
import { identityLabels, plainName } from './names.ts'

const oldMs = 3_600_000

/** Throws `invalid` for what is no batch. */
export function samplesOfScrape(body: unknown, now: Date): Sample[] {
  const read = scrapeBatchSchema.safeParse(body)
  if (!read.success) throw new AppError('invalid', `a batch of an app's metrics is malformed: ${read.error.issues[0]?.path.join('.') ?? ''}`)
  const { source, app, environment, service, instance, machine, up, tookMs, samples, at, bad } = read.data
  const atMs = Math.min(Date.parse(at), now.getTime())
  if (atMs < now.getTime() - oldMs) return []
  const from = { app, environment, service, instance }
  const own = (name: string, kind: Sample['kind'], value: number): Sample => ({ name: `nightshift_${source}_${name}`, labels: { ...from, machine }, kind, atMs, value })
  const about = source === 'scrape' ? [own('up', 'gauge', up ? 1 : 0), own('duration_seconds', 'gauge', tookMs / 1000)] : bad > 0 ? [own('refused_total', 'delta', bad)] : []
  // names of ours are ours: an app cannot speak for Nightshift
  return [...about, ...samples.map(([name, labels, kind, value]): Sample => ({ name: plainName(name.startsWith('nightshift_') ? `exported_${name}` : name), labels: identityLabels(labels, from), kind, atMs, value }))]
}
