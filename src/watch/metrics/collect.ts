/** What machines ship, as samples. Pure. */
import { type FactBatch, type StatBatch, type TrafficBatch, latencyBucketsMs } from '#contract/wire.ts'
import { samplesOfMachine } from './collect-machine.ts'
import type { Labels, Sample } from './model.ts'

export const requestsMetric = 'nightshift_http_requests_total'
export const durationMetric = 'nightshift_http_request_duration_seconds'

export function samplesOfStats({ machine, at, instances, disk, system, ups = [], clockOffsetMs }: StatBatch): Sample[] {
  const atMs = Date.parse(at)
  const gauge = (name: string, labels: Labels, value: number | null | undefined): Sample[] => (value === null || value === undefined ? [] : [{ name, labels, kind: 'gauge', atMs, value }])
  return [
    ...instances.flatMap((one) => {
      const labels = { app: one.app, environment: one.environment, service: one.service, instance: one.name, machine }
      return [
        ...gauge('nightshift_instance_cpu_cores', labels, one.cpu),
        ...gauge('nightshift_instance_memory_bytes', labels, one.memoryBytes),
        ...gauge('nightshift_instance_memory_limit_bytes', labels, one.memoryLimitBytes),
        ...gauge('nightshift_instance_threads', labels, one.threads),
        ...gauge('nightshift_instance_open_files', labels, one.openFiles),
      ]
    }),
    ...ups.flatMap(({ name, up, ...place }) => gauge('nightshift_instance_up', { ...place, instance: name, machine }, up ? 1 : 0)),
    ...gauge('nightshift_machine_clock_offset_seconds', { machine }, typeof clockOffsetMs === 'number' ? clockOffsetMs / 1000 : null),
    ...gauge('nightshift_machine_disk_free_bytes', { machine }, disk?.freeBytes),
    ...gauge('nightshift_machine_disk_total_bytes', { machine }, disk?.totalBytes),
    ...(system === null || system === undefined ? [] : samplesOfMachine(machine, atMs, system)),
  ]
}

/** Starts of an instance after its first, by its agent: a fact that is sent again is a sample of the same moment, and counts once. */
export function samplesOfFacts({ machine, facts }: FactBatch): Sample[] {
  return facts.flatMap(({ kind, at, app, environment, service, instance, data }): Sample[] => {
    if (kind !== 'instance.started' || app === null || environment === null || service === null || instance === null) return []
    const again = Number(data['attempt']) > 1
    return [{ name: 'nightshift_instance_restarts_total', labels: { app, environment, service, instance: typeof data['name'] === 'string' ? data['name'] : instance, machine }, kind: 'delta', atMs: Date.parse(at), value: again ? 1 : 0 }]
  })
}

/** `from` is empty for the ingress. The time is that of the batch's middle. */
export function samplesOfTraffic({ machine, from, to, counts }: TrafficBatch): Sample[] {
  const atMs = Math.floor((Date.parse(from) + Date.parse(to)) / 2)
  return counts.filter(({ requests, connections }) => requests > 0 || connections > 0).flatMap((count) => {
    const labels = { app: count.app, environment: count.environment, service: count.service, from: count.from ?? '', key: count.key, machine }
    const sample = (name: string, more: Labels, value: number): Sample => ({ name, labels: { ...labels, ...more }, kind: 'delta', atMs, value })
    const delta = (name: string, more: Labels, value: number): Sample[] => (value === 0 ? [] : [sample(name, more, value)])
    const sums = bucketSums(count.latency)
    return [
      ...Object.entries(count.status).flatMap(([statusClass, value]) => delta(requestsMetric, { class: statusClass }, value)),
      ...delta('nightshift_http_received_bytes_total', {}, count.bytesIn),
      ...delta('nightshift_http_sent_bytes_total', {}, count.bytesOut),
      ...delta('nightshift_connections_total', {}, count.connections),
      // an empty bucket is told of when the next one is not: it is the lower bound of that
      ...sums.flatMap((sum, at) => (sum > 0 || (sums[at + 1] ?? 0) > 0 ? [sample(`${durationMetric}_bucket`, { le: boundOf(at) }, sum)] : [])),
      ...delta(`${durationMetric}_count`, {}, sums.at(-1) ?? 0),
    ]
  })
}

/** Of each bucket with all below it. */
function bucketSums(counts: readonly number[]): number[] {
  let sum = 0
  return counts.map((count) => (sum += count))
}

const boundOf = (bucket: number) => (latencyBucketsMs[bucket] === undefined ? '+Inf' : String(latencyBucketsMs[bucket] / 1000))
