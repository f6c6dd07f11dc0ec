/**
 * Lines of logs as a metric that rules ask: how many a search finds, by the minute and service. Where counts of minutes are stored they tell;
 * else lines are read, each minute of them a few times while it is young and never again, and only for so long: what could not be
 * counted in time is said, with what was.
 */
import type { Clock } from '#base/clock.ts'
import { isCounted } from '#watch/logs/counts.ts'
import type { LogQuery } from '#watch/logs/model.ts'
import { type LogReader, type PlaceCount, appStreams } from '#watch/logs/port.ts'
import { type Expression, allOf, mentions } from '#watch/logs/query/ast.ts'
import { parseQuery } from '#watch/logs/query/parser.ts'
import { type CountBudget, CountedMinutes, type Minutes, Spending, minuteMs, runsOf } from './counted-minutes.ts'
import { type Labels, type MetricQuery, type QueryMetrics, logPlaces, seriesKey } from './model.ts'

/** An agent ships within a second or two. */
const settleMs = 10_000
/** A minute that has been over for so long is not counted again. */
const settledMs = 60_000

export function openLogLines({ tally, clock, budget }: { tally: LogReader['tally']; clock: Clock; budget: CountBudget }): QueryMetrics {
  const known = new CountedMinutes()
  const spending = new Spending(budget)

  /** Counts the minutes of a span that are not settled, newest runs first, until the time for it is over. */
  async function count(minutes: Minutes, query: LogQuery, { fromMs, toMs }: Window, nowMs: number): Promise<void> {
    for (const run of runsOf(minutes, fromMs, toMs)) {
      const budgetMs = spending.leftMs(nowMs)
      if (budgetMs <= 0) return
      const began = performance.now()
      const { counts, partialBefore } = await tally(query, { since: new Date(run.fromMs), until: new Date(run.toMs), stepMs: minuteMs, budgetMs })
      spending.spend(performance.now() - began)
      const found = Map.groupBy(counts, ({ atMs }) => atMs)
      for (let at = run.fromMs; at < run.toMs; at += minuteMs) {
        const complete = partialBefore === null || at > partialBefore.getTime()
        const places = found.get(at) ?? []
        if (complete || places.length > 0) minutes.set(at, { places, complete, settled: complete && at + minuteMs + settledMs <= nowMs, usedMs: nowMs })
      }
      if (partialBefore !== null) return
    }
  }

  return async (asked, apps) => {
    const query = logQueryOf(asked, apps)
    const window = windowOf(asked)
    if (isCounted(query, asked.stepMs)) {
      const { counts } = await tally(query, { since: new Date(window.fromMs), until: new Date(window.toMs), stepMs: asked.stepMs })
      return answerOf(asked, window, counts, [])
    }
    const nowMs = clock.now().getTime()
    const minutes = known.of(JSON.stringify([asked.logs, asked.where, apps]))
    await count(minutes, query, window, nowMs)
    const [places, missing]: [PlaceCount[], number[]] = [[], []]
    for (let at = window.fromMs; at < window.toMs; at += minuteMs) {
      const minute = minutes.get(at)
      if (minute !== undefined) minute.usedMs = nowMs
      if (minute?.complete !== true) missing.push(at)
      places.push(...(minute?.places ?? []))
    }
    known.forget(nowMs)
    return answerOf(asked, window, places, missing)
  }
}

/** Whole minutes that are over, for each step of what is asked: the last one ends some seconds ago. */
type Window = { fromMs: number; toMs: number; /** Name of the first step. */ firstMs: number }

function windowOf({ since, until, stepMs, offsetMs = 0 }: Pick<MetricQuery, 'since' | 'until' | 'stepMs' | 'offsetMs'>): Window {
  const firstMs = Math.floor(since.getTime() / stepMs) * stepMs
  const steps = Math.ceil((until.getTime() - firstMs) / stepMs)
  const fromMs = Math.floor((firstMs - offsetMs - settleMs) / minuteMs) * minuteMs
  return { fromMs, toMs: fromMs + steps * stepMs, firstMs }
}

function logQueryOf({ logs = '', where }: Pick<MetricQuery, 'logs' | 'where'>, apps: readonly string[] | null): LogQuery {
  const search = parseQuery(logs)
  const label = (name: (typeof logPlaces)[number], value: string): Expression => ({ kind: 'label', label: name, glob: value.toLowerCase().split('*') })
  const tests = logPlaces.flatMap((name): Expression[] => {
    const wanted = where[name] === undefined ? [] : [where[name]].flat()
    return wanted.length === 0 ? [] : wanted.length === 1 ? [label(name, wanted[0] as string)] : [{ kind: 'any', of: wanted.map((value) => label(name, value)) }]
  })
  const parts = [...(search === null ? [] : [search]), ...tests]
  return { apps, where: parts.length === 0 ? null : allOf(parts), streams: search !== null && mentions(search, 'stream') ? undefined : appStreams }
}

function answerOf(asked: MetricQuery, { fromMs, toMs, firstMs }: Window, counts: readonly PlaceCount[], missing: readonly number[]): Awaited<ReturnType<QueryMetrics>> {
  const { by = logPlaces, fn, stepMs } = asked
  const steps = (toMs - fromMs) / stepMs
  const stepOf = (atMs: number) => Math.floor((atMs - fromMs) / stepMs)
  const series = new Map<string, { labels: Labels; lines: number[] }>()
  for (const place of counts) {
    const labels = Object.fromEntries(logPlaces.filter((name) => by.includes(name)).map((name) => [name, place[name]]))
    const one = series.get(seriesKey(labels)) ?? { labels, lines: Array.from({ length: steps }, () => 0) }
    series.set(seriesKey(labels), one)
    one.lines[stepOf(place.atMs)] = (one.lines[stepOf(place.atMs)] ?? 0) + place.lines
  }
  const scale = fn === 'rate' ? 1000 / stepMs : 1
  return {
    series: [...series.values()].map(({ labels, lines }) => ({ labels, points: lines.map((count, step): [number, number] => [firstMs + step * stepMs, count * scale]) })),
    atLeast: [...new Set(missing.map((at) => firstMs + stepOf(at) * stepMs))],
  }
}
