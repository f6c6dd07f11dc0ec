/** A rule, what it reads, and the state of each of its series. */
import type { Measure, RuleSpec } from '#contract/alerting.ts'

/** `offUntil`: then it is on again; null: it is on, or off for good. */
export type RuleDefinition = { id: string; origin: 'default' | 'own' | 'manifest'; spec: RuleSpec; mode: 'on' | 'off'; offUntil: Date | null }

export type Labels = Readonly<Record<string, string>>
export type MetricQuery = Measure & { since: Date; until: Date; stepMs: number; offsetMs?: number }
export const logPlaces = ['app', 'environment', 'service'] as const

/** Points lie one step apart and are named by the beginning of their step, a whole multiple of it; null: nothing was measured in it. `apps`: those whose series may be read; null: all. `atLeast`: steps in which more was counted than there was time for. */
export type QueryMetrics = (query: MetricQuery, apps: readonly string[] | null) => Promise<{ series: { labels: Labels; points: [atMs: number, value: number | null][] }[]; atLeast?: readonly number[] }>

/** Of one series in this turn. `holds` null: there is no value to judge by; `gone`: what it is of is there no more, and it is over at once. */
export type Reading = { series: string; labels: Labels; value: number | null; holds: boolean | null | 'gone'; because: string }

/** `since`: the condition holds. `seenAt`: there was a value. */
export type SeriesState = { series: string; labels: Labels; state: 'pending' | 'firing'; since: Date; firingSince: Date | null; lastTrueAt: Date; seenAt: Date; value: number | null; because: string }

export type Transition = { series: string; labels: Labels; to: 'pending' | 'firing' | 'over' | 'dropped'; because: string }

/** The labels written out in order: the name of a series, and part of the target of its alert. */
export function seriesKey(labels: Labels): string {
  return Object.keys(labels).sort().map((name) => `${name}=${labels[name]}`).join(',')
}

export const alertTarget = (rule: string, series: string): string => `rule:${rule}:${series}`

/** As people say it: `shop/web`, `shop/staging/web`, `the machine n1`; what is left of the labels stands behind. */
export function placeOf(labels: Labels): string {
  const { app, environment, service, instance, machine, ...rest } = labels
  const place = app === undefined ? (machine === undefined ? '' : `the machine ${machine}`) : [app, ...(environment === undefined || environment === 'production' ? [] : [environment]), ...(instance ?? service ? [instance ?? service] : [])].join('/')
  const others = Object.entries(rest).map(([name, value]) => `${name} ${value}`).join(', ')
  return [place, others].filter((one) => one !== '').join(', ')
}
