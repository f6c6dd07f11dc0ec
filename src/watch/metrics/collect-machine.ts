/** What an agent says of its machine, as samples. It is one of ours, and may be of another version: what is missing or of another kind is passed over. Pure. */
import type { MachineStat } from '#contract/wire.ts'
import type { Sample, SeriesKind } from './model.ts'

const list = <One>(given: One[] | undefined): One[] => (Array.isArray(given) ? given.filter((one) => typeof one === 'object' && one !== null).slice(0, 64) : [])

export function samplesOfMachine(machine: string, atMs: number, stat: MachineStat): Sample[] {
  const sample = (kind: SeriesKind, name: string, value: unknown, more: Record<string, unknown> = {}): Sample[] => {
    const labels = Object.entries(more).filter((pair): pair is [string, string] => typeof pair[1] === 'string')
    if (typeof value !== 'number' || !Number.isFinite(value) || labels.length < Object.keys(more).length) return []
    return [{ name: `nightshift_machine_${name}`, labels: { ...Object.fromEntries(labels), machine }, kind, atMs, value }]
  }
  const { memory, load, inodes } = stat
  return [
    ...Object.entries(stat.cpuSeconds ?? {}).flatMap(([mode, seconds]) => sample('counter', 'cpu_seconds_total', seconds, { mode })),
    ...sample('gauge', 'load1', load?.one),
    ...sample('gauge', 'load5', load?.five),
    ...sample('gauge', 'load15', load?.fifteen),
    ...sample('gauge', 'memory_total_bytes', memory?.totalBytes),
    ...sample('gauge', 'memory_available_bytes', memory?.availableBytes),
    ...sample('gauge', 'memory_used_bytes', memory === undefined ? undefined : memory.totalBytes - memory.availableBytes),
    ...sample('gauge', 'swap_used_bytes', memory?.swapUsedBytes),
    ...sample('gauge', 'open_files', stat.openFiles),
    ...sample('gauge', 'inodes_free', inodes?.free),
    ...sample('gauge', 'inodes_total', inodes?.total),
    ...list(stat.disks).flatMap(({ device, readBytes, writtenBytes, busySeconds }) => [
      ...sample('counter', 'disk_read_bytes_total', readBytes, { device }),
      ...sample('counter', 'disk_written_bytes_total', writtenBytes, { device }),
      ...sample('counter', 'disk_busy_seconds_total', busySeconds, { device }),
    ]),
    ...list(stat.networks).flatMap(({ device, receivedBytes, sentBytes, errors }) => [
      ...sample('counter', 'network_received_bytes_total', receivedBytes, { device }),
      ...sample('counter', 'network_sent_bytes_total', sentBytes, { device }),
      ...sample('counter', 'network_errors_total', errors, { device }),
    ]),
    ...list(stat.temperatures).flatMap(({ zone, celsius }) => sample('gauge', 'temperature_celsius', celsius, { zone })),
  ]
}
