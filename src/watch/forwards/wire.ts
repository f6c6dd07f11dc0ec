/** Series as a WriteRequest of Prometheus remote write 1.0, in the block format of snappy. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import protobuf from 'protobufjs'
import { compress, uncompress } from 'snappyjs'
import type { Labels, Point } from '#watch/metrics/model.ts'

/** Points in order of time. */
export type OutgoingSeries = { name: string; labels: Labels; points: readonly Point[] }

const type = protobuf.parse(readFileSync(path.join(import.meta.dirname, 'write-request.proto'), 'utf8')).root.lookupType('prometheus.WriteRequest')

/** What the protocol asks: names in order, no empty values, and none that only a receiver may give. Those of the series go before `added`. */
export function sentLabels(name: string, labels: Labels, added: Labels): { name: string; value: string }[] {
  const all = { ...added, ...labels }
  const kept = Object.keys(all).filter((label) => all[label] !== '' && !label.startsWith('__')).map((label) => ({ name: label, value: all[label] as string }))
  return [{ name: '__name__', value: name }, ...kept].sort((a, b) => (a.name < b.name ? -1 : 1))
}

export function writeRequest(series: readonly OutgoingSeries[], added: Labels): Uint8Array {
  return type.encode({ timeseries: series.map(({ name, labels, points }) => ({ labels: sentLabels(name, labels, added), samples: points.map(({ atMs, value }) => ({ timestamp: Math.round(atMs), value })) })) }).finish()
}

export const snappy = { name: 'snappy', encode: (body: string | Uint8Array) => compress(Buffer.from(body)) }

/** Of what `writeRequest` and `snappy` made, as a receiver reads it. */
export function readWriteRequest(body: Uint8Array): { labels: Record<string, string>; samples: { atMs: number; value: number }[] }[] {
  const { timeseries } = type.toObject(type.decode(uncompress(Buffer.from(body))), { longs: Number, defaults: true }) as { timeseries: { labels: { name: string; value: string }[]; samples: { value: number; timestamp: number }[] }[] }
  return timeseries.map(({ labels, samples }) => ({ labels: Object.fromEntries(labels.map(({ name, value }) => [name, value])), samples: samples.map(({ value, timestamp }) => ({ atMs: timestamp, value })) }))
}
