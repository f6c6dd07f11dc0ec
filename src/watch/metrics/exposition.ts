/**
 * What Nightshift measures, for a Prometheus of one's own: the newest value of each series, kept as samples pass by. What comes as
 * additions is summed from the start of control on; a counter that begins again is nothing new to Prometheus.
 */
import { escapeLabel, formatValue } from '#base/prometheus-text.ts'
import { durationMetric, requestsMetric } from './collect.ts'
import { type Labels, type Sample, type SeriesKind, seriesKey } from './model.ts'

type Newest = { name: string; labels: Labels; kind: SeriesKind; atMs: number; value: number }

const mostExposed = 20_000
/** A gauge of what is gone says nothing of now. */
const staleMs = 3 * 60_000
const counterStaleMs = 24 * 3_600_000

const help: Record<string, string> = {
  [requestsMetric]: 'Requests by the service that answers, the caller (empty: from outside) and the class of the answer.',
  [durationMetric]: 'Time from the first byte of a request to the last of its answer, as the proxies see it.',
  nightshift_instance_cpu_cores: 'CPU that an instance uses, in cores.',
  nightshift_instance_memory_bytes: 'Memory that an instance holds.',
  nightshift_instance_up: '1: the instance is ready; 0: it is meant to run, and is not.',
  nightshift_machine_clock_offset_seconds: 'By how much the clock of the machine is ahead of the clock of control.',
  nightshift_machine_cpu_seconds_total: 'CPU time of the machine by mode, all CPUs together.',
  nightshift_machine_memory_available_bytes: 'Memory that can be had without swapping.',
  nightshift_check_up: '1: the check passes; 0: it does not.',
}

export class Exposition {
  readonly #newest = new Map<string, Newest>()
  #refused = 0

  note(samples: readonly Sample[]): void {
    for (const sample of samples) {
      if (!sample.name.startsWith('nightshift_') || !Number.isFinite(sample.value)) continue
      const key = keyOf(sample)
      const before = key === null ? undefined : this.#newest.get(key)
      if (key === null || (before === undefined && this.#newest.size >= mostExposed)) this.#refused++
      else if (before === undefined) this.#newest.set(key, { ...sample })
      else if (sample.kind === 'delta') Object.assign(before, { value: before.value + sample.value, atMs: Math.max(before.atMs, sample.atMs) })
      else if (sample.atMs >= before.atMs) Object.assign(before, { value: sample.value, atMs: sample.atMs })
    }
  }

  /** In the text format of Prometheus. `apps`: those that may be seen; null: all, and what is of none. */
  text(apps: readonly string[] | null, now: Date): string {
    for (const [key, one] of this.#newest) if (now.getTime() - one.atMs > (one.kind === 'gauge' ? staleMs : counterStaleMs)) this.#newest.delete(key)
    const seen = [...this.#newest.values()].filter(({ labels }) => apps === null || (labels['app'] !== undefined && apps.includes(labels['app'])))
    const families = Map.groupBy(seen, familyOf)
    const blocks = [...families.keys()].sort().map((family) => {
      const series = families.get(family) ?? []
      const type = family === durationMetric ? 'histogram' : series[0]?.kind === 'gauge' ? 'gauge' : 'counter'
      return [`# HELP ${family} ${help[family] ?? 'See docs/metrics.md of Nightshift.'}`, `# TYPE ${family} ${type}`, ...series.map(line)].join('\n')
    })
    if (apps === null) blocks.push(`# HELP nightshift_exposition_refused_total Samples that found no room here.\n# TYPE nightshift_exposition_refused_total counter\nnightshift_exposition_refused_total ${this.#refused}`)
    return `${blocks.join('\n')}\n`
  }
}

function keyOf({ name, labels }: Sample): string | null {
  try {
    return seriesKey(name, labels)
  } catch {
    return null
  }
}

const familyOf = ({ name }: Newest) => (name.startsWith(durationMetric) ? durationMetric : name)

function line({ name, labels, value }: Newest): string {
  const text = Object.entries(labels).filter(([, label]) => label !== '').map(([label, given]) => `${label}="${escapeLabel(given)}"`).join(',')
  return `${name}${text === '' ? '' : `{${text}}`} ${formatValue(value)}`
}
