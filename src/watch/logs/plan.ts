/**
 * What a set of batches adds to what is stored: pure. A source's lines are counted from its beginning, and each is
 * taken once: what is below the stored position is a repetition, a jump above it is lines that nobody can send any more.
 */
import type { LogBatch } from '#contract/wire.ts'
import { logStreams } from '#contract/wire.ts'
import { cleanText, levelOf } from './text.ts'

/** A line on its way in, without the ids that the database gives. */
export type NewLine = { source: string; atMs: number; stream: number; level: number; text: string }

export type SourceChange = {
  source: string
  /** The batch that says who writes; a source keeps the labels it had first. */
  labels: LogBatch
  position: number
  dropped: number
}

export type IngestPlan = {
  lines: NewLine[]
  sources: SourceChange[]
  repeated: number
  dropped: number
  refused: { source: string; because: string }[]
}

/** A clock ahead of ours must not keep its lines at the end of every page. */
const maxAheadMs = 60_000
const systemStream = logStreams.indexOf('system')
const warnLevel = 3

export function planIngest(batches: readonly LogBatch[], stored: ReadonlyMap<string, number>, now: Date): IngestPlan {
  const plan: IngestPlan = { lines: [], sources: [], repeated: 0, dropped: 0, refused: [] }
  const changes = new Map<string, SourceChange>()
  for (const batch of batches) {
    const fault = faultOf(batch)
    if (fault !== undefined) {
      plan.refused.push({ source: String(batch.source).slice(0, 200), because: fault })
      continue
    }
    const position = changes.get(batch.source)?.position ?? stored.get(batch.source) ?? 0
    const skip = Math.max(0, Math.min(position - batch.from, batch.entries.length))
    plan.repeated += skip
    if (batch.to <= position && batch.entries.length > 0) continue
    const gap = Math.max(0, batch.from - position)
    // the agent's own count of lost lines and the jump in its positions may tell of the same lines; without a line to
    // go with, that count could be told twice
    const dropped = batch.from < position ? 0 : batch.entries.length === 0 ? gap : Math.max(gap, batch.dropped)
    if (dropped === 0 && skip === batch.entries.length) continue
    const change = changes.get(batch.source) ?? { source: batch.source, labels: batch, position, dropped: 0 }
    changes.set(batch.source, { ...change, position: Math.max(position, batch.to), dropped: change.dropped + dropped })
    plan.dropped += dropped
    if (dropped > 0) plan.lines.push(lossNotice(batch, dropped, now))
    for (const entry of skip === 0 ? batch.entries : batch.entries.slice(skip)) {
      const text = cleanText(entry.text)
      plan.lines.push({ source: batch.source, atMs: timeOf(entry.at, now), stream: logStreams.indexOf(entry.stream), level: levelOf(text), text })
    }
  }
  plan.sources = [...changes.values()]
  return plan
}

function lossNotice(batch: LogBatch, dropped: number, now: Date): NewLine {
  const text = `${dropped} ${dropped === 1 ? 'line was' : 'lines were'} lost here: they were written faster than they could be stored`
  return { source: batch.source, atMs: timeOf(batch.entries[0]?.at, now), stream: systemStream, level: warnLevel, text }
}

function timeOf(at: string | undefined, now: Date): number {
  const ms = at === undefined ? Number.NaN : Date.parse(at)
  return ms >= 0 && ms <= now.getTime() + maxAheadMs ? ms : now.getTime()
}

const labelNames = ['source', 'app', 'environment', 'service', 'instance', 'machine'] as const

/** Why a batch cannot be stored however often it is sent; undefined if it can. */
function faultOf(batch: LogBatch): string | undefined {
  for (const name of labelNames) {
    const value: unknown = batch[name]
    if (typeof value !== 'string' || value === '' || value.length > 300 || value.includes('\0') || !value.isWellFormed()) return `${name} must be a text of 1 to 300 characters`
  }
  if (batch.release !== null && !Number.isInteger(batch.release)) return 'release must be a whole number or null'
  if (!Array.isArray(batch.entries)) return 'entries must be a list'
  const positions = [batch.from, batch.to, batch.dropped]
  if (!positions.every((value) => Number.isSafeInteger(value) && value >= 0)) return 'from, to and dropped must be whole numbers from 0'
  if (batch.to - batch.from !== batch.entries.length) return `from ${batch.from} to ${batch.to} must count its ${batch.entries.length} entries`
  for (const entry of batch.entries)
    if (typeof entry?.text !== 'string' || !logStreams.includes(entry.stream)) return `every entry must have a text and a stream of ${logStreams.join(', ')}`
  return undefined
}
