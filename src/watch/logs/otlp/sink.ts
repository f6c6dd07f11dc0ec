/**
 * Log records of OTLP as lines: the sink of `#watch/otlp`. A record comes by push and without a number of its own, so a source is what
 * one control took in of one instance; what a sender sends again after an answer that it did not hear is there twice.
 */
import { newId } from '#base/ids.ts'
import type { LogBatch, LogEntry } from '#contract/wire.ts'
import type { OtlpSink } from '#watch/otlp/model.ts'
import type { LogWriter } from '../service.ts'
import { lineOf } from './line.ts'

/** Positions of sources that have not written for long are forgotten; they begin anew as another source. */
const keptSources = 5000
const maxInstanceChars = 100

export function createOtlpLogSink(writer: Pick<LogWriter, 'ingest'>): OtlpSink<'logs'> {
  const sources = new Map<string, { source: string; position: number }>()

  function sourceOf(key: string, now: Date): { source: string; position: number } {
    const known = sources.get(key) ?? { source: `otlp:${key}:${newId('o', now)}`, position: 0 }
    // the newest last, so that the first is the one that was quiet for longest
    sources.delete(key)
    sources.set(key, known)
    const oldest = sources.keys().next().value
    if (sources.size > keptSources && oldest !== undefined) sources.delete(oldest)
    return known
  }

  return async ({ resource, scope, items }, { app, environment, service, instance }, now) => {
    if (items.length === 0) return undefined
    const name = (instance ?? 'otlp').replace(/[^\x21-\x7e]/g, '_').slice(0, maxInstanceChars)
    const version = /^v?(\d{1,9})$/.exec(String(resource['service.version'] ?? ''))?.[1]
    const key = `${app}/${environment}/${service}/${name}/${version ?? ''}`
    const known = sourceOf(key, now)
    const entries: LogEntry[] = items.map((record) => ({ at: new Date(record.atMs ?? record.observedMs ?? now.getTime()).toISOString(), stream: 'stdout', text: lineOf(record, scope.name) }))
    const batch: LogBatch = { source: known.source, app, environment, service, instance: name, release: version === undefined ? null : Number(version), machine: 'otlp', from: known.position, to: known.position + entries.length, dropped: 0, entries }
    known.position = batch.to
    try {
      const { refused } = await writer.ingest([batch])
      return refused[0] === undefined ? undefined : { rejected: entries.length, because: refused[0].because }
    } catch (error) {
      sources.delete(key) // its positions have a hole now, which would be told of as lost lines
      throw error
    }
  }
}
