/** What a rule would have done in the past: the same observing and planning as in a turn, moment by moment. */
import type { RuleSpec, RuleTrial } from '#contract/alerting.ts'
import type { SeriesState } from './model.ts'
import { type Ask, type Observed, observeRule } from './observe.ts'
import { nextStates } from './plan.ts'
import { alertWords } from './summary.ts'

const mostMoments = 720
const mostShown = 20

export async function tryRule(spec: RuleSpec, hours: number, now: Date, ask: Ask): Promise<RuleTrial> {
  const moments = momentsOf(spec.windowMs, hours, now)
  const observed = await observeRule(spec, moments, ask)
  const series = observed.map((one) => ({
    series: one.series, labels: one.labels, points: one.at.map(({ atMs, verdict }): [number, number | null] => [atMs, verdict.value]),
    usual: spec.condition.kind === 'unusual' ? one.at.map(({ verdict }) => verdict.usual ?? null) : null,
    fired: firedOf(spec, one, moments.stepMs),
  }))
  // what fired comes first
  series.sort((a, b) => Number(b.fired.length > 0) - Number(a.fired.length > 0) || (a.series < b.series ? -1 : 1))
  const { condition } = spec
  return {
    since: moments.from.toISOString(), until: moments.until.toISOString(), stepMs: moments.stepMs,
    threshold: 'value' in condition ? condition.value : null,
    series: series.slice(0, mostShown), more: Math.max(0, series.length - mostShown),
  }
}

/** A step is a window, or a whole part of one, so that windows can be asked for without a gap. */
export function momentsOf(windowMs: number, hours: number, now: Date): { from: Date; until: Date; stepMs: number } {
  const parts = windowMs >= 25 * 60_000 ? 5 : 1
  const rangeMs = hours * 3_600_000
  const fine = windowMs / parts
  const stepMs = rangeMs / fine <= mostMoments ? fine : windowMs * Math.ceil(rangeMs / windowMs / mostMoments)
  return { from: new Date(now.getTime() - Math.floor(rangeMs / stepMs) * stepMs), until: now, stepMs }
}

type Fired = RuleTrial['series'][number]['fired'][number]

function firedOf(spec: RuleSpec, { series, labels, at }: Observed, stepMs: number): Fired[] {
  const fired: Fired[] = []
  let states: readonly SeriesState[] = []
  for (const { atMs, verdict } of at) {
    const now = new Date(atMs)
    const next = nextStates({ ...spec, gapMs: 3 * stepMs }, states, [{ series, labels, ...verdict }], now)
    states = next.states
    for (const { to, because } of next.transitions) {
      if (to === 'firing') fired.push({ from: now.toISOString(), to: null, because: alertWords(spec, labels, verdict.value, because) })
      else if (to === 'over' && fired.length > 0) (fired.at(-1) as Fired).to = now.toISOString()
    }
  }
  return fired
}
