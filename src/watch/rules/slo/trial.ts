/** What an SLO would have said of a time that is past: counted and judged as in a turn, moment by moment. Pure. */
import type { SloSpec, SloTrial } from '#contract/alerting.ts'
import type { MinuteCount } from '#watch/traffic/read.ts'
import type { SeriesState } from '../model.ts'
import { nextStates } from '../plan.ts'
import { type BurnWindow, type Count, type Counts, burnRate, burnWords, burning, exhaustedInMs, keepFiringMs, pairs, severityOf, windowMs } from './burn.ts'
import { countOf } from './count.ts'
import { type CountedObjective, objectivesOf } from './model.ts'

const minute = 60_000
const stepMs = 5 * minute

/** `sinceMs`: the moment since which there is something to count, if that is later. */
type Span = { fromMs: number; untilMs: number; sinceMs?: number }

/** `minutes`: of this place alone, each named by its end. `from` and `until` are whole minutes. */
export function sloTrial(spec: SloSpec, minutes: readonly MinuteCount[], span: Span): SloTrial {
  return {
    since: new Date(span.fromMs).toISOString(), until: new Date(span.untilMs).toISOString(), stepMs, criticalAt: pairs[0]?.factor ?? 0,
    objectives: objectivesOf(spec).map((objective) => {
      const between = countsOf(objective, minutes, span)
      const moments = Array.from({ length: Math.floor((span.untilMs - span.fromMs) / stepMs) }, (_, nth) => span.fromMs + (nth + 1) * stepMs)
      const counts = moments.map((atMs): Counts => ({ ...windowsAt(between, atMs), whole: between(span.fromMs, atMs) }))
      const whole = counts.at(-1)?.whole ?? { total: 0, bad: 0 }
      return {
        kind: objective.kind, target: objective.target, thresholdMs: objective.thresholdMs, total: whole.total, bad: whole.bad,
        lastsMs: exhaustedInMs(1, whole, objective.target, spec.windowMs),
        points: counts.map((seen, nth): [number, number] => [moments[nth] as number, burnRate(seen['1h'], objective.target)]),
        fired: firedOf(spec, objective, moments, counts, span),
      }
    }),
  }
}

/** What was counted from one moment to another; moments before the first minute count nothing. */
function countsOf(objective: CountedObjective, minutes: readonly MinuteCount[], { fromMs, untilMs }: Span): (fromMs: number, toMs: number) => Count {
  const sums: Count[] = Array.from({ length: (untilMs - fromMs) / minute + 1 }, () => ({ total: 0, bad: 0 }))
  for (const one of minutes) {
    const sum = sums[Math.round((one.atMs - fromMs) / minute)]
    if (sum === undefined) continue
    const { total, bad } = countOf(objective, one)
    sum.total += total
    sum.bad += bad
  }
  for (let nth = 1; nth < sums.length; nth++) {
    const [before, sum] = [sums[nth - 1] as Count, sums[nth] as Count]
    sum.total += before.total
    sum.bad += before.bad
  }
  const upTo = (ms: number) => sums[Math.min(sums.length - 1, Math.round((ms - fromMs) / minute))] ?? { total: 0, bad: 0 }
  return (from, to) => ({ total: upTo(to).total - upTo(from).total, bad: upTo(to).bad - upTo(from).bad })
}

function windowsAt(between: (fromMs: number, toMs: number) => Count, atMs: number): Record<BurnWindow, Count> {
  return Object.fromEntries(Object.entries(windowMs).map(([name, ms]) => [name, between(atMs - ms, atMs)])) as Record<BurnWindow, Count>
}

type Fired = SloTrial['objectives'][number]['fired']

function firedOf(spec: SloSpec, objective: CountedObjective, moments: readonly number[], counts: readonly Counts[], { fromMs, sinceMs = fromMs }: Span): Fired {
  if (!spec.alerts) return []
  const fired = (['page', 'ticket'] as const).flatMap((level): Fired => {
    const list: Fired = []
    let states: readonly SeriesState[] = []
    for (const [nth, atMs] of moments.entries()) {
      const seen = counts[nth] as Counts
      const pair = burning(seen, objective.target, atMs - Math.max(fromMs, sinceMs), level)
      const because = pair === null ? '' : burnWords(pair, seen, objective, spec.windowMs)
      const next = nextStates({ forMs: 0, keepFiringMs: keepFiringMs[level], gapMs: 3 * stepMs }, states, [{ series: '', labels: {}, value: null, holds: pair !== null, because }], new Date(atMs))
      states = next.states
      for (const { to } of next.transitions) {
        const at = new Date(atMs).toISOString()
        const last = list.at(-1)
        if (to === 'firing') list.push({ from: at, to: null, severity: severityOf[level], because })
        else if (to === 'over' && last !== undefined) last.to = at
      }
    }
    return list
  })
  return fired.toSorted((a, b) => (a.from < b.from ? -1 : 1))
}
