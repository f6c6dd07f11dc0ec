/** The preview's log store: a list of lines in the order of time, asked by the real routes. */
import { on } from 'node:events'
import type { LogLine } from '#contract/model.ts'
import { logStreams } from '#contract/wire.ts'
import { PlaceCounter, StepCounter } from '#watch/logs/counts.ts'
import { fitsLine, fitsSource, lineFilter } from '#watch/logs/filter.ts'
import { type LogQuery, levels } from '#watch/logs/model.ts'
import type { LogReader } from '#watch/logs/port.ts'
import type { World } from './world.ts'

function fitter(query: LogQuery): (line: LogLine) => boolean {
  const filter = lineFilter(query)
  return (line) => {
    const labels = { ...line, id: 0, machine: 'heron' }
    return fitsSource(query, labels) && fitsLine(filter, { level: levels.indexOf(line.level), stream: logStreams.indexOf(line.stream), text: line.text }, labels)
  }
}

export function previewLogs(world: World): LogReader {
  return {
    async read(query) {
      const fits = fitter(query)
      const [since, until] = [query.since?.toISOString() ?? '', query.until?.toISOString() ?? '~']
      const limit = query.limit ?? 100
      const lines: LogLine[] = []
      for (let at = world.lines.length - 1; at >= 0 && lines.length <= limit; at--) {
        const line = world.lines[at] as LogLine
        if (line.at < since || (query.after !== undefined && line.cursor <= query.after)) break
        if (line.at <= until && (query.before === undefined || line.cursor < query.before) && fits(line)) lines.push(line)
      }
      const more = lines.length > limit
      const page = lines.slice(0, limit).reverse()
      return { lines: page, partial: false, next: more ? (page[0]?.cursor ?? null) : null }
    },
    async *stream(query, { after, backlog = 0, signal }) {
      const fits = fitter(query)
      const past = world.lines.filter(fits)
      yield* after === undefined ? (backlog === 0 ? [] : past.slice(-backlog)) : past.filter((line) => line.cursor > after)
      for await (const [line] of on(world.bus, 'line', { signal }) as AsyncIterable<[LogLine]>) if (fits(line)) yield line
    },
    async counts(query, { since, until, stepMs }) {
      const fits = fitter(query)
      const counter = new StepCounter(stepMs)
      for (const line of world.lines) {
        const atMs = Date.parse(line.at)
        if (atMs >= since.getTime() && atMs < until.getTime() && fits(line)) counter.add(atMs, levels.indexOf(line.level))
      }
      return { counts: counter.counts(), partialBefore: null }
    },
    async tally(query, window) {
      const fits = fitter(query)
      const counter = new PlaceCounter(window)
      for (const line of world.lines) {
        const atMs = Date.parse(line.at)
        if (atMs >= window.since.getTime() && atMs < window.until.getTime() && fits(line)) counter.add(atMs, line)
      }
      return { counts: counter.counts(), partialBefore: null }
    },
    close() {},
  }
}
