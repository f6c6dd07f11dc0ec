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
import { type Labels, type MetricQuery, type QueryMetrics, logPlaces, seriesKey } from './model.ts'

const minuteMs = 60_000
/** An agent ships within a second or two. */
const settleMs = 10_000
/** A minute that has been over for so long is not counted again. */
const settledMs = 60_000
/** Minutes that no rule asked for since are forgotten. */
const forgetMs = 10 * minuteMs
const mostCells = 200_000

/** Of reading lines: `askMs` a question, and `totalMs` in every `everyMs`. */
export type CountBudget = { askMs: number; totalMs: number; everyMs: number }
/** A sixth of the time at most, however many rules there are. */
export const turnBudget: CountBudget = { askMs: 1000, totalMs: 5000, everyMs: 30_000 }
export const trialBudget: CountBudget = { askMs: 5000, totalMs: 8000, everyMs: Number.POSITIVE_INFINITY }

type Minute = { places: PlaceCount[]; complete: boolean; settled: boolean; usedMs: number }

export function openLogLines({ tally, clock, budget }: { tally: LogReader['tally']; clock: Clock; budget: CountBudget }): QueryMetrics {
  const known = new Map<string, Map<number, Minute>>()
  let spent = { sinceMs: 0, ms: 0 }

  function leftMs(nowMs: number): number {
    if (nowMs - spent.sinceMs >= budget.everyMs) spent = { sinceMs: nowMs, ms: 0 }
    return Math.min(budget.askMs, budget.totalMs - spent.ms)
  }

  function forget(nowMs: number): void {
    for (const [key, minutes] of known) {
      for (const [at, { usedMs }] of minutes) if (nowMs - usedMs > forgetMs) minutes.delete(at)
      if (minutes.size === 0) known.delete(key)
    }
    let cells = known.values().reduce((sum, minutes) => sum + minutes.values().reduce((all, { places }) => all + 1 + places.length, 0), 0)
    for (const [key, minutes] of known) {
      if (cells <= mostCells) return
      cells -= minutes.values().reduce((all, { places }) => all + 1 + places.length, 0)
      known.delete(key)
    }
  }

  /** The minutes of a span, newest runs first, until the time for it is over. */
  async function count(minutes: Map<number, Minute>, query: LogQuery, fromMs: number, toMs: number): Promise<void> {
    const nowMs = clock.now().getTime()
    for (const run of runsOf(minutes, fromMs, toMs)) {
      const budgetMs = leftMs(nowMs)
      if (budgetMs <= 0) return
      const began = performance.now()
      const { counts, partialBefore } = await tally(query, { since: new Date(run.fromMs), until: new Date(run.toMs), stepMs: minuteMs, budgetMs })
      spent.ms += performance.now() - began
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
    const key = JSON.stringify([asked.logs, asked.where, apps])
    const minutes = known.get(key) ?? new Map<number, Minute>()
    known.delete(key)
    known.set(key, minutes)
    await count(minutes, query, window.fromMs, window.toMs)
    const [places, missing]: [PlaceCount[], number[]] = [[], []]
    for (let at = window.fromMs; at < window.toMs; at += minuteMs) {
      const minute = minutes.get(at)
      if (minute !== undefined) minute.usedMs = nowMs
      if (minute?.complete !== true) missing.push(at)
      places.push(...(minute?.places ?? []))
    }
    forget(nowMs)
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

/** Spans of minutes that are not settled, newest first. */
export function runsOf(minutes: ReadonlyMap<number, Pick<Minute, 'settled'>>, fromMs: number, toMs: number): { fromMs: number; toMs: number }[] {
  const runs: { fromMs: number; toMs: number }[] = []
  for (let at = toMs - minuteMs; at >= fromMs; at -= minuteMs) {
    if (minutes.get(at)?.settled === true) continue
    const last = runs.at(-1)
    if (last?.fromMs === at + minuteMs) last.fromMs = at
    else runs.push({ fromMs: at, toMs: at + minuteMs })
  }
  return runs
}

export function logQueryOf({ logs = '', where }: Pick<MetricQuery, 'logs' | 'where'>, apps: readonly string[] | null): LogQuery {
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
